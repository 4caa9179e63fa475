import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// A watcher that was started in the background, and that others cannot find yet, has a write lock on one
/// byte of a file for each of its roots.
enum StartLocks {
    /// - Parameter repository: its directory.
    static func path(in repository: FilePath) -> FilePath { repository.appending("starting.lock") }

    /// The byte of a root: a hash of its path. At most 62 bits: an offset in a file has 63.
    static func byte(of root: FilePath) -> UInt64 {
        let bytes = RepositoryDirectory.resolvedAsFarAsPossible(root).bytes
        return unsafe XXH64.hash(bytes.span.bytes, seed: 0) >> 2
    }

    /// Whether a watcher of the root is starting. Only asks.
    static func isStarting(_ root: RootDescription) -> Bool {
        let byte = byte(of: root.path)
        guard let file = try? OpenFile(path(in: root.repositoryPath), .read) else { return false }
        return (try? file.isWriteLocked(in: byte..<byte + 1)) ?? false
    }
}
