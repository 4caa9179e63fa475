import GRDB
import LinuxSystem

/// Waits for the lock of a live database by repeated attempts. SQLite's own busy handler would hold a lock
/// that keeps every reader out while it waits for one of them (sqlite.org/lockingv3.html, section 5).
struct LockWait {
    private let start = MonotonicInstant.now
    private let deadline: MonotonicInstant

    init(_ wait: Duration) {
        deadline = start.advanced(by: wait)
    }

    /// The time waited so far.
    var waited: Duration { start.duration(to: .now) }

    /// Whether to try again: there is time, and the process is not to end.
    private var mayGoOn: Bool { MonotonicInstant.now < deadline && !UnfinishedWork.isToBeAbandoned }

    /// For a connection while it only reads: its wait keeps nobody out.
    var busyMode: Database.BusyMode {
        .callback { _ in
            guard mayGoOn else { return false }
            WorkerThread.sleep(.milliseconds(5))
            return true
        }
    }

    /// `attempt` uses a connection without a busy timeout. Throws what it throws; its busy error when the
    /// time is over.
    func run<Value>(_ attempt: () throws -> Value) throws -> Value {
        while true {
            do {
                return try attempt()
            } catch let error as DatabaseError
                where [.SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL].contains(error.resultCode) && mayGoOn
            {
                WorkerThread.sleep(.milliseconds(5))
            }
        }
    }
}
