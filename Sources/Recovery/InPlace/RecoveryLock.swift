import LinuxSystem
package import RepositoryReader

/// Lets one process at a time bring something of a root back in place, from the choice of what is brought
/// back to its entry in the history: `flock(2)` of the root's directory in the repository, until this goes.
package final class RecoveryLock {
    private let directory: OpenFile
    /// Another one was at work when this was asked for: it has brought something back since.
    package let hasWaited: Bool

    /// Waits for as long as `wait`. Throws `InPlaceError.underWay`, `SystemError`.
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
