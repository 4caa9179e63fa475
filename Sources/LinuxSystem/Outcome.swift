import Synchronization

/// Passes one outcome to the thread that waits for it.
package final class Outcome<Value: Sendable>: Sendable {
    private let value = Mutex<Result<Value, any Error>?>(nil)
    private let isThere = Semaphore()

    func set(_ result: Result<Value, any Error>) {
        value.withLock { $0 = result }
        isThere.signal()
    }

    /// Blocks the thread until it is there. For one call.
    package func take() -> Result<Value, any Error> {
        isThere.wait()
        return value.withLock { $0! }
    }
}
