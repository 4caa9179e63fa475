internal import LinuxSystem
internal import SystemPackage

/// Small text files that hold a secret. Nobody but their owner may have any right on them.
enum PrivateFile {
    static let maximumByteCount = 64 << 10

    /// The lines of the file, without spaces around them. Links are followed: the mode of the file counts.
    static func lines(of path: FilePath) throws(RemoteError) -> [String] {
        let bytes: [UInt8]?
        do {
            // The mode and the content must be those of one file.
            let file = try OpenFile(path, .read)
            let status = try file.status()
            guard status.kind == .regular else {
                throw RemoteError(.wrongKey, "\(path.printable) is not a regular file")
            }
            guard status.permissions & 0o077 == 0 else { throw open(path) }
            bytes = try file.content(upTo: maximumByteCount)
        } catch let error as RemoteError {
            throw error
        } catch {
            throw RemoteError(.wrongKey, "\(error)")
        }
        guard let bytes, let text = String(validating: bytes, as: UTF8.self) else {
            let limit = "UTF-8 text of at most \(maximumByteCount) bytes"
            throw RemoteError(.wrongKey, "\(path.printable) is not a key file: it is not \(limit)")
        }
        return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(\.trimmed)
    }

    /// Creates the file with mode 0600. It must not exist: a key that is lost loses everything.
    static func create(_ path: FilePath, _ text: String) throws(RemoteError) {
        do throws(SystemError) {
            let file = try OpenFile(path, .createNew)
            do throws(SystemError) {
                let bytes = Array(text.utf8)
                try file.write(unsafe bytes.span.bytes, at: 0)
                try file.synchronise()
                try Directory.synchronise(Directory.absolute(path).removingLastComponent())
            } catch {
                try? Directory.remove(path)
                throw error
            }
        } catch {
            let isTaken = error.code == .fileExists
            throw RemoteError(.failed, isTaken ? "\(path.printable) exists: choose another name" : "\(error)")
        }
    }

    private static func open(_ path: FilePath) -> RemoteError {
        let command = "chmod 600 \(ShellWord.quoted(path.bytes))"
        return RemoteError(.wrongKey, "other users may access \(path.printable): run \(command)")
    }
}
