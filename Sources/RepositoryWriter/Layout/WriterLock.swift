import LinuxSystem
import RepositoryReader

/// The lock of a root's only writer, until this value is destroyed.
struct WriterLock: ~Copyable {
    private let file: OpenFile

    /// - Parameter file: has the write lock.
    init(_ file: consuming OpenFile) { self.file = file }

    /// Throws `RepositoryError.gone` unless readers find the lock by its name.
    func requireInPlace() throws { try file.requireInPlace() }

    deinit { file.releaseWriteLock() }
}
