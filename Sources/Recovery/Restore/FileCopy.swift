import LinuxSystem
import SystemPackage

enum FileCopy {
    /// Moves a file that no process changes to a free name, on any file system.
    static func move(_ source: DirectoryEntry, to destination: DirectoryEntry) throws(SystemError) {
        do {
            try source.rename(to: destination)
        } catch {
            guard error.code == .improperLink else { throw error }
            let file = try OpenFile(source, .read)
            try OpenFile(destination, .createNew).becomeCopy(of: file)
        }
    }

    /// Copies a file that no process changes to a free name. Where the file system supports it, they share
    /// their content.
    static func copy(_ source: FilePath, to destination: FilePath) throws(SystemError) {
        let file = try OpenFile(source, .read)
        try OpenFile(destination, .createNew).becomeCopy(of: file)
    }
}
