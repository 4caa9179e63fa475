import LinuxSystem
import Synchronization

/// Work on a thread of its own, which begins at once. A task of Swift's would wait until the pool has a free
/// thread, and other tests may take all of them.
package final class StartedThread<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let ended = Semaphore()

    package init(_ name: String, _ body: @escaping @Sendable () throws -> Value) throws {
        try WorkerThread.start(name) { [self] in
            let value = Result { try body() }
            result.withLock { $0 = value }
            ended.signal()
        }
    }

    /// Waits for the end, once. Throws what `body` threw.
    package func value() throws -> Value {
        ended.wait()
        return try result.withLock { $0! }.get()
    }
}
