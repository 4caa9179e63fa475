import LinuxSystem
import SystemPackage

enum FileCopy {
    /// Moves a file that no process changes to a free name, on any file system.
    static func move(_ source: DirectoryEntry, to destination: DirectoryEntry) throws(SystemError) {
        do {
            try source.rename(to: destination)
        } catch {
            guard error.code == .improperLink else { throw error }
            try copy(OpenFile(source, .read), to: OpenFile(destination, .createNew))
        }
    }

    /// Copies a file that no process changes to a free name. Where the file system supports it, they share
    /// their content.
    static func copy(_ source: FilePath, to destination: FilePath) throws(SystemError) {
        try copy(OpenFile(source, .read), to: OpenFile(destination, .createNew))
    }

    private static func copy(_ from: borrowing OpenFile, to: borrowing OpenFile) throws(SystemError) {
        if to.becomeClone(of: from) { return }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var offset: UInt64 = 0
        while case let count = try from.read(into: &buffer, count: buffer.count, at: offset), count > 0 {
            try to.write(unsafe buffer.span.bytes.extracting(0..<count), at: offset)
            offset += UInt64(count)
        }
    }
}
