import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

extension SmallFile {
    /// Writes a file that must not exist yet, and waits until content and name are on the disk.
    static func create(_ path: FilePath, _ value: some Encodable) throws {
        try Directory.createFile(at: path, with: encoded(value))
    }

    /// The same, replacing the existing file.
    static func replace(_ path: FilePath, _ value: some Encodable) throws {
        try Directory.replaceFile(at: path, with: encoded(value))
    }
}
