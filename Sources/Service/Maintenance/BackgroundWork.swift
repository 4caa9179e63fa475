import LinuxSystem

/// Work beside capture that nobody waits for at the end.
enum BackgroundWork {
    /// Runs `body` on a thread with low priority. If the task is cancelled, throws `CancellationError` at
    /// once and leaves the thread to itself.
    static func run<Value: Sendable>(
        _ name: String,
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        let (results, result) = AsyncThrowingStream.makeStream(of: Value.self)
        try WorkerThread.start(name, urgency: .low) {
            do {
                result.yield(try body())
                result.finish()
            } catch {
                result.finish(throwing: error)
            }
        }
        for try await value in results { return value }
        throw CancellationError()
    }
}
