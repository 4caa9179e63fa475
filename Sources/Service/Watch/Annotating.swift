import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
import RepositoryWriter

/// Says something of snapshots that are there: through the watcher, or here when none runs, without looking
/// at the live files.
package enum Annotating {
    /// Returns once it is durable. Every request must name its snapshot. Throws `ControlClient.Failure`,
    /// `RepositoryError.locked` when another writer has the root for longer than the time allowed,
    /// `SystemError`.
    package static func run(
        _ root: RootDescription,
        timeout: Duration,
        _ annotations: [AnnotationRequest]
    ) throws {
        try WatcherOrAlone.run(root, timeout: timeout) { client, timeout in
            _ = try client.synchronise(annotations, timeout: timeout)
        } alone: {
            let writer = try RootWriter(root: root)
            for request in annotations {
                try writer.stageAnnotation(request.annotation(newest: writer.lastSequence, time: .now))
            }
            _ = try writer.flush()
        }
    }
}
