import GRDB
import LinuxSystem

/// Waits for the lock of a live database by trying again and again. SQLite's own waiting would hold a lock
/// that keeps every reader out for as long as it waits for one of them (sqlite.org/lockingv3.html, section
/// 5).
struct LockWait {
    private let start = MonotonicInstant.now
    private let deadline: MonotonicInstant

    init(_ wait: Duration) {
        deadline = start.advanced(by: wait)
    }

    /// How long it has waited by now.
    var waited: Duration { start.duration(to: .now) }

    /// `attempt` has a connection without a busy timeout. Throws what it throws; that it is busy when the
    /// time is over.
    func run<Value>(_ attempt: () throws -> Value) throws -> Value {
        while true {
            do {
                return try attempt()
            } catch let error as DatabaseError
                where [.SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL].contains(error.resultCode)
                && MonotonicInstant.now < deadline
            {
                WorkerThread.sleep(.milliseconds(5))
            }
        }
    }
}
