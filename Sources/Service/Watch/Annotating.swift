import LinuxFiles
package import Repository

/// Says something of snapshots that are there: through the watcher, or here when none runs, without looking at the live files.
package struct Annotating: Sendable {
    private let root: RootDescription
    private let timeout: Duration

    package init(_ root: RootDescription, timeout: Duration) {
        self.root = root
        self.timeout = timeout
    }

    /// Returns once it is durable. Every wish must name its snapshot.
    /// Throws `ControlClient.Failure`, `RepositoryError.locked` when another writer has the root for longer than the time
    /// allowed, `SystemError`.
    package func run(_ annotations: [AnnotationWish]) throws {
        let deadline = Tick.now.advanced(by: timeout)
        while true {
            do {
                _ = try ControlClient(root).synchronise(annotations, timeout: Tick.now.duration(to: deadline))
                return
            } catch ControlClient.Failure.noWatcher {
                do {
                    return try write(annotations)
                } catch RepositoryError.locked(let path) {
                    // As in `FreshCapture`.
                    guard Tick.now < deadline else { throw RepositoryError.locked(path) }
                    Thread.nap(.milliseconds(20))
                }
            }
        }
    }

    private func write(_ annotations: [AnnotationWish]) throws {
        let writer = try RootWriter(root: root)
        for wish in annotations {
            try writer.stageAnnotation(wish.annotation(newest: writer.lastSequence, time: .now))
        }
        _ = try writer.flush()
    }
}
