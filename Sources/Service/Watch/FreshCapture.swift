package import Capture
import LinuxFiles
package import Repository

/// Has all that is committed captured: by the watcher, or here when none runs.
package struct FreshCapture: Sendable {
    private let root: RootDescription
    private let repository: RepositoryDirectory
    private let timeout: Duration

    package init(_ root: RootDescription, in repository: RepositoryDirectory, timeout: Duration) {
        self.root = root
        self.repository = repository
        self.timeout = timeout
    }

    /// Returns once all that was committed before the call is durable, and what is to be said of it. Blocks its thread,
    /// which must not have a connection to a live file open: where no watcher runs, the file is opened and closed
    /// here.
    ///
    /// Throws `ControlClient.Failure`, `RepositoryError.locked` when another writer has the root for longer than the time
    /// allowed, `SystemError`.
    package func run(_ annotations: [AnnotationWish] = []) throws -> DurablePoint {
        let deadline = Tick.now.advanced(by: timeout)
        while true {
            do {
                return try ControlClient(root).synchronise(
                    annotations,
                    timeout: Tick.now.duration(to: deadline)
                )
            } catch ControlClient.Failure.noWatcher {
                // A watcher that is just starting has the lock but not yet the socket: asked again until it has.
                do {
                    return try Thread.block { [root, repository] in
                        try await OneShot.capture(root, in: repository, annotations)
                    }
                } catch RepositoryError.locked(let path) {
                    guard Tick.now < deadline else { throw RepositoryError.locked(path) }
                    Thread.nap(.milliseconds(20))
                }
            }
        }
    }
}
