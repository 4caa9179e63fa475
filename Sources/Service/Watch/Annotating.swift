import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
import RepositoryWriter

/// Says something of snapshots that are there: through the watcher, or here when none runs, without looking
/// at the live files.
package struct Annotating: Sendable {
    private let root: RootDescription
    private let timeout: Duration

    package init(_ root: RootDescription, timeout: Duration) {
        self.root = root
        self.timeout = timeout
    }

    /// Returns once it is durable. Every request must name its snapshot. Throws `ControlClient.Failure`,
    /// `RepositoryError.locked` when another writer has the root for longer than the time allowed,
    /// `SystemError`.
    package func run(_ annotations: [AnnotationRequest]) throws {
        try WatcherOrAlone.run(root, timeout: timeout) { client, timeout in
            _ = try client.synchronise(annotations, timeout: timeout)
        } alone: {
            try write(annotations)
        }
    }

    private func write(_ annotations: [AnnotationRequest]) throws {
        let writer = try RootWriter(root: root)
        for request in annotations {
            try writer.stageAnnotation(request.annotation(newest: writer.lastSequence, time: .now))
        }
        _ = try writer.flush()
    }
}
