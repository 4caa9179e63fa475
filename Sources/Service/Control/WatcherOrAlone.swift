import LinuxSystem
package import RepositoryReader

/// Work on a root that its watcher does, for it has the lock, or this process where none runs.
package enum WatcherOrAlone {
    /// A watcher that is just starting, or was started in the background, has the lock or will have it, but
    /// not yet the socket: asked again until it has.
    ///
    /// Throws what the two throw, `ControlClient.Failure.noWatcher` apart; `RepositoryError.locked` when
    /// another writer has the root for longer than the time allowed.
    package static func run<Value>(
        _ root: RootDescription,
        timeout: Duration,
        asking ask: (ControlClient, Duration) throws -> Value,
        alone: () throws -> Value
    ) throws -> Value {
        let deadline = MonotonicInstant.now.advanced(by: timeout)
        while true {
            do {
                return try ask(ControlClient(root), MonotonicInstant.now.duration(to: deadline))
            } catch ControlClient.Failure.noWatcher {
                // In this order: it gives the lock of its start back when it can be found.
                if StartLocks.isStarting(root) || RunningWatcher.isStarting(root) {
                    guard MonotonicInstant.now < deadline else { throw RepositoryError.locked(root.path) }
                    WorkerThread.sleep(.milliseconds(20))
                    continue
                }
                do {
                    return try alone()
                } catch RepositoryError.locked(let path) {
                    guard MonotonicInstant.now < deadline else { throw RepositoryError.locked(path) }
                    WorkerThread.sleep(.milliseconds(20))
                }
            }
        }
    }
}
