import LinuxSystem

/// Work beside capture that nobody waits for at the end.
enum BackgroundWork {
    /// Runs `body` on the loop. If the task is cancelled, throws `CancellationError` at once and leaves the
    /// work to itself.
    static func run<Value: Sendable>(
        on loop: EventLoop,
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await first { result in
            Task(executorPreference: loop) { result.yield(with: Result { try body() }) }
        }
    }

    /// The same on a thread of its own with that name.
    static func run<Value: Sendable>(
        named name: String,
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await first { result in
            try WorkerThread.start(name) { result.yield(with: Result { try body() }) }
        }
    }

    private static func first<Value: Sendable>(
        _ start: (AsyncThrowingStream<Value, any Error>.Continuation) throws -> Void
    ) async throws -> Value {
        let (results, result) = AsyncThrowingStream.makeStream(of: Value.self)
        try start(result)
        for try await value in results { return value }
        throw CancellationError()
    }
}
