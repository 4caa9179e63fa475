import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
import RepositoryWriter

extension RootDescription {
    /// Says something of a snapshot that is there, which the request must name: through the watcher, or here
    /// when none runs, without looking at the live files.
    ///
    /// Returns once it is durable. Throws `ControlClient.Failure`, `RepositoryError.locked` when another
    /// writer has the root for longer than the time allowed, `SystemError`.
    package func annotate(_ request: AnnotationRequest, timeout: Duration) throws {
        try WatcherOrAlone.run(self, timeout: timeout) { client, timeout in
            _ = try client.synchronise([request], timeout: timeout)
        } alone: {
            let writer = try RootWriter(root: self)
            try writer.stageAnnotation(request.annotation(newest: writer.lastSequence, time: .now))
            _ = try writer.flush()
        }
    }
}
