import LinuxSystem
package import RepositoryReader
import SystemPackage

extension RootDescription {
    /// The lock that makes one the root's writer. Throws `RepositoryError.locked`, or `SystemError`.
    /// `forRepair`: links in the place of files are what is to be mended.
    func takeWriterLock(forRepair: Bool = false) throws -> WriterLock {
        for path in [directory, segmentsDirectory, basesDirectory, mirrorDirectory] {
            do {
                try PrivateDirectory.requireWritable(path)
                // A link in the place of a mirror is replaced by the mirror.
                if path != mirrorDirectory, !forRepair { try PrivateDirectory.refuseLinks(in: path) }
            } catch let error as SystemError where error.isMissing {
                continue
            }
        }
        let lock = try OpenFile(lockPath, .updateOrCreate)
        guard try lock.takeWriteLock() else { throw RepositoryError.locked(directory) }
        return WriterLock(lock)
    }

    /// Runs `body` while nobody can become the root's writer. Throws as `takeWriterLock` does.
    package func withoutWriter<Value>(_ body: () throws -> Value) throws -> Value {
        let lock = try takeWriterLock()
        defer { extendLifetime(lock) }
        return try body()
    }
}
