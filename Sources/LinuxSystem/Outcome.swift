import Synchronization

/// Passes one outcome to the thread that waits for it.
final class Outcome<Value: Sendable>: Sendable {
    private let value = Mutex<Result<Value, any Error>?>(nil)
    private let isThere = Semaphore()

    func set(_ result: Result<Value, any Error>) {
        value.withLock { $0 = result }
        isThere.signal()
    }

    func take() -> Result<Value, any Error> {
        isThere.wait()
        return value.withLock { $0! }
    }
}
