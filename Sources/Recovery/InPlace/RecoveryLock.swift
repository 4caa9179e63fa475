import LinuxSystem
package import RepositoryReader

/// Lets one process at a time restore something of a root in place, from the choice of the snapshot to the
/// entry in the history. It is a `flock(2)` of the root's directory in the repository, released when this is
/// destroyed.
package final class RecoveryLock {
    private let directory: OpenFile
    /// Another process had the lock when this was requested: it has restored something since.
    package let hasWaited: Bool

    /// Waits up to `wait`. Throws `InPlaceError.underWay`, `SystemError`.
    package init(_ root: RootDescription, wait: Duration) throws {
        let directory = try OpenFile(root.directory, .read)
        let deadline = MonotonicInstant.now.advanced(by: wait)
        var hasWaited = false
        while try !directory.takeExclusiveLock() {
            guard MonotonicInstant.now < deadline else { throw InPlaceError.underWay(root.path) }
            hasWaited = true
            WorkerThread.sleep(.milliseconds(20))
        }
        self.directory = directory
        self.hasWaited = hasWaited
    }
}
