import Capture
import RepositoryReader
import TestSupport

/// A database root under a protector in this process. One that goes away unstopped is stopped at once.
final class ProtectedRoot: Sendable {
    let data: DatabaseRoot
    let protector: RootProtector
    /// An element comes when something new is durable, from the first capture on.
    let changes: AsyncStream<Void>
    private let run: Task<Void, any Error>

    /// Returns when the first capture is durable.
    init(_ data: DatabaseRoot) async throws {
        self.data = data
        let (changes, recorded) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.changes = changes
        var options = RootProtector.Options()
        options.onDurable = { recorded.yield() }
        let protector = try RootProtector(
            root: data.root,
            repository: data.repository.path,
            options: options
        )
        self.protector = protector
        run = Task { try await protector.run() }
        _ = try await protector.ready()
    }

    deinit { protector.stop(.atOnce) }

    /// Ends it in good order, and throws what it failed with.
    func stop() async throws {
        protector.stop(.done)
        try await run.value
    }
}
