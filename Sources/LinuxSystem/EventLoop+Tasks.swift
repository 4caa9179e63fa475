extension EventLoop {
    /// Runs a task on a loop of its own, and blocks the caller's thread until it returns. This does not use
    /// the language's pool of threads: once used, that wakes up each second.
    ///
    /// Throws `SystemError` if there is no thread or descriptor left, and what `body` throws.
    package static func run<Value: Sendable>(
        _ name: String,
        _ body: @escaping @Sendable (EventLoop) async throws -> Value
    ) throws -> Value {
        // Short: the request to end may come while the thread is blocked, and nothing else would come later.
        let loop = try EventLoop(name, patience: .milliseconds(10))
        defer { loop.stop() }
        return try loop.run { try await body(loop) }
    }

    /// Runs a task, and blocks the caller's thread until it returns. That must be none of the loop's own.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
        let outcome = Outcome<Value>()
        Task(executorPreference: self) {
            do { outcome.set(.success(try await body())) } catch { outcome.set(.failure(error)) }
        }
        return try outcome.take().get()
    }

    /// Lets the task wait. Throws `CancellationError` as soon as it is cancelled.
    package func sleep(for duration: Duration) async throws {
        let signal = Signal()
        await withTaskCancellationHandler {
            _ = await signal.wait(until: .now.advanced(by: duration), on: self)
        } onCancel: {
            signal.raise()
        }
        // After a cancellation the deadline is still to come.
        callAtDeadline(nil, signal, wait: 0)
        try Task.checkCancellation()
    }
}
