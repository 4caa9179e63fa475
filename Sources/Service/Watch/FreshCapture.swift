package import Capture
import LinuxSystem
package import RepositoryFormat
package import RepositoryReader

/// Has all that is committed captured: by the watcher, or here when none runs.
package struct FreshCapture: Sendable {
    private let root: RootDescription
    private let timeout: Duration

    package init(_ root: RootDescription, timeout: Duration) {
        self.root = root
        self.timeout = timeout
    }

    /// The names whose files a capture includes; nil for all files of the root.
    package func scope(of point: DurablePoint) throws -> RootScope? {
        guard root.kind == .directory else { return nil }
        // A watcher of version 0.2.0 tells it only in its status.
        let exclusions = try point.exclusions ?? ControlClient(root).status()?.exclusions
        return exclusions.map { RootScope(exclusions: $0) }
    }

    /// Returns once all that was committed before the call is durable, and what is to be said of it. Blocks
    /// its thread, which must not have a connection to a live file open: where no watcher runs, the file is
    /// opened and closed here.
    ///
    /// Throws `ControlClient.Failure`, `RepositoryError.locked` when another writer has the root for longer
    /// than the time allowed, `SystemError`.
    package func run(_ annotations: [AnnotationRequest] = []) throws -> DurablePoint {
        try WatcherOrAlone.run(root, timeout: timeout) { client, timeout in
            try client.synchronise(annotations, timeout: timeout)
        } alone: {
            try EventLoop.run("capture") { _ in try await capture(annotations) }
        }
    }

    /// Takes the root's lock, catches up, says what is to be said, and gives the lock back.
    /// Throws `RepositoryError.locked` when a watcher has it.
    private func capture(_ annotations: [AnnotationRequest]) async throws -> DurablePoint {
        var options = RootProtector.Options()
        options.isPatient = false
        let protector = try RootProtector(root: root, repository: root.repositoryPath, options: options)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await protector.run() }
            do {
                var point = try await protector.ready()
                if !annotations.isEmpty { point = try await protector.synchronise(annotations) }
                protector.stop(.done)
                try await group.waitForAll()
                return point
            } catch {
                protector.stop(.done)
                // What the protector says of it comes before what its end did to us.
                try await group.waitForAll()
                throw error
            }
        }
    }
}
