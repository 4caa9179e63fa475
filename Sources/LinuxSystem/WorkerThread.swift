import CLinux
import Glibc
import Synchronization
import SystemPackage

/// A thread of our own for blocking work, which never runs on the cooperative pool.
package enum WorkerThread {
    /// The priority of a thread among all of the machine.
    package enum Urgency: Sendable {
        /// For short work that cannot wait. From Linux 6.12 on, it runs soon after it becomes ready. It runs
        /// before other threads if the kernel permits that (it does for root).
        case high
        case normal
        /// Other threads run first.
        case low

        /// The shortest time chunk that Linux accepts (sched_setattr(2)).
        private static let shortChunk = Duration.microseconds(100)

        /// Applies the urgency to the calling thread. Errors are ignored.
        fileprivate func apply() {
            // Linux: for PRIO_PROCESS, 0 is the calling thread.
            switch self {
            case .high:
                _ = setpriority(Int32(PRIO_PROCESS.rawValue), 0, -10)
                _ = linux_set_time_slice(UInt64(Self.shortChunk.nanoseconds))
            case .normal: break
            case .low: _ = setpriority(Int32(PRIO_PROCESS.rawValue), 0, 10)
            }
        }
    }

    /// Numbers of the processors that this process may use (`sched_getaffinity(2)`), at least one.
    package static var processors: [Int] {
        var mask = [UInt8](repeating: 0, count: maskBytes)
        let count = unsafe linux_get_affinity(&mask, mask.count)
        guard count > 0 else { return [0] }
        return (0..<Int(count) * 8).filter { mask[$0 / 8] & 1 << ($0 % 8) != 0 }
    }

    /// Room for the bits of 8192 processors, the most that Linux can have.
    private static let maskBytes = 1024

    /// Signals that a thread brings upon itself.
    private static let ownSignals = [
        SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGBUS, SIGSEGV, SIGSYS, SIGPIPE,
    ]

    /// Starts `body` on a new thread, which receives none of the process's signals. `name` is at most 15
    /// bytes, as `ps -L` shows it. If `processor` is given, the thread runs only there.
    package static func start(
        _ name: String,
        urgency: Urgency = .normal,
        processor: Int? = nil,
        _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        let start = unsafe Unmanaged.passRetained(
            Start {
                _ = unsafe name.withCString { unsafe linux_set_thread_name($0) }
                if let processor { bind(to: processor) }
                urgency.apply()
                body()
            }
        )
        // It inherits what this thread blocks meanwhile.
        var (blocked, before) = (sigset_t(), sigset_t())
        unsafe sigfillset(&blocked)
        for signal in ownSignals { unsafe sigdelset(&blocked, signal) }
        unsafe pthread_sigmask(SIG_SETMASK, &blocked, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                unsafe Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue().body()
                return nil
            },
            start.toOpaque()
        )
        guard code == 0 else {
            unsafe start.release()
            throw SystemError(.startThread, nil, code: .init(rawValue: code))
        }
        _ = pthread_detach(thread)
    }

    /// Lets this thread sleep, also for less than the millisecond of `poll(2)`.
    package static func sleep(_ duration: Duration) {
        let nanoseconds = max(0, duration.nanoseconds)
        var rest = timespec(
            tv_sec: Int(nanoseconds / 1_000_000_000),
            tv_nsec: Int(nanoseconds % 1_000_000_000)
        )
        unsafe _ = nanosleep(&rest, nil)
    }

    /// Runs `body` on a new thread and waits for its result, without blocking the caller's thread.
    package static func run<Value: Sendable>(
        _ name: String,
        urgency: Urgency = .normal,
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try start(name, urgency: urgency) { continuation.resume(with: Result(catching: body)) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    /// Runs `body` on a new thread, and blocks the caller's until it returns. Meanwhile that one receives the
    /// signals of the process.
    package static func wait<Value: Sendable>(
        _ name: String,
        _ body: @escaping @Sendable () throws -> Value
    ) throws -> Value {
        try begin(name, body).take().get()
    }

    /// Runs `body` on a new thread. Its outcome can be waited for; if there can be no thread, that is the
    /// error.
    package static func begin<Value: Sendable>(
        _ name: String,
        _ body: @escaping @Sendable () throws -> Value
    ) -> Outcome<Value> {
        let outcome = Outcome<Value>()
        do {
            try start(name) { outcome.set(Result(catching: body)) }
        } catch {
            outcome.set(.failure(error))
        }
        return outcome
    }

    /// Errors are ignored: the thread then runs on any processor.
    private static func bind(to processor: Int) {
        var mask = [UInt8](repeating: 0, count: maskBytes)
        guard processor < mask.count * 8 else { return }
        mask[processor / 8] = 1 << (processor % 8)
        _ = unsafe linux_set_affinity(mask, mask.count)
    }

    private final class Start: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
