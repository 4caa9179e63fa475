import LinuxSystem
import Remote

/// A remote that a command reads now and then, for as long as this value exists.
final class RemoteConnection: Sendable {
    private let loop: EventLoop
    private let session: RemoteSession

    init(_ settings: RemoteSettings, _ console: Console) throws {
        // Short, as in `EventLoop.run`.
        loop = try EventLoop("remote", patience: .milliseconds(10))
        session = RemoteSession(settings, on: loop, console)
    }

    deinit {
        loop.stop()
    }

    /// Blocks the caller's thread until the task returns.
    func run<Value: Sendable>(
        _ body: @escaping @Sendable (RemoteSession) async throws -> Value
    ) throws -> Value {
        try loop.run { [session] in try await session.naming { try await body(session) } }
    }
}
