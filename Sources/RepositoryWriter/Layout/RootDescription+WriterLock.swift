import LinuxSystem
package import RepositoryReader
import SystemPackage

extension RootDescription {
    /// Takes the lock of the root's only writer. Throws `RepositoryError.locked`, or `SystemError`.
    /// `forRepair`: links instead of files are accepted, since the repair removes them.
    func takeWriterLock(forRepair: Bool = false) throws -> WriterLock {
        for path in [directory, segmentsDirectory, basesDirectory, mirrorDirectory] {
            do {
                try PrivateDirectory.requireWritable(path)
                // A link instead of a mirror is replaced by the mirror.
                if path != mirrorDirectory, !forRepair { try PrivateDirectory.refuseLinks(in: path) }
            } catch let error as SystemError where error.isMissing {
                continue
            }
        }
        let lock = try OpenFile(lockPath, .updateOrCreate)
        guard try lock.takeWriteLock() else { throw RepositoryError.locked(directory) }
        return WriterLock(lock)
    }

    /// Runs `body` while no process can become the root's writer. Throws as `takeWriterLock` does.
    package func withoutWriter<Value>(_ body: () throws -> Value) throws -> Value {
        let lock = try takeWriterLock()
        defer { extendLifetime(lock) }
        return try body()
    }
}

/// The lock of a root's only writer, until this value is destroyed.
struct WriterLock: ~Copyable {
    private let file: OpenFile

    /// - Parameter file: has the write lock.
    init(_ file: consuming OpenFile) { self.file = file }

    /// Throws `RepositoryError.gone` unless readers find the lock by its name.
    func requireInPlace() throws { try file.requireInPlace() }

    deinit { file.releaseWriteLock() }
}
