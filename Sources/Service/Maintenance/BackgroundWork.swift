import LinuxSystem

/// Work beside capture that nobody waits for at the end.
enum BackgroundWork {
    /// Runs `body` on the loop. If the task is cancelled, throws `CancellationError` at once and leaves the
    /// work to itself.
    static func run<Value: Sendable>(
        on loop: EventLoop,
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        let (results, result) = AsyncThrowingStream.makeStream(of: Value.self)
        Task(executorPreference: loop) { result.yield(with: Result { try body() }) }
        for try await value in results { return value }
        throw CancellationError()
    }
}
