import Glibc
import SystemPackage

/// A thread of our own for work that blocks; the cooperative pool is never used for that.
package enum Thread {
    /// How urgent a thread is beside the others of the machine.
    package enum Urgency: Sendable {
        /// Before others if the kernel permits that (it does for root).
        case high
        case normal
        /// After everything else.
        case low

        fileprivate var niceness: Int32 {
            switch self {
            case .high: -10
            case .normal: 0
            case .low: 10
            }
        }
    }

    /// Starts `body` on a new thread. `name` is at most 15 bytes, as `ps -L` shows it.
    package static func start(
        _ name: String,
        urgency: Urgency = .normal,
        _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        let start = unsafe Unmanaged.passRetained(
            Start {
                setName(name)
                // Linux: for PRIO_PROCESS, 0 is the calling thread. Refusal is no harm.
                if urgency != .normal { _ = setpriority(Int32(PRIO_PROCESS.rawValue), 0, urgency.niceness) }
                body()
            }
        )
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
            throw SystemError("start a thread", nil, code: .init(rawValue: code))
        }
        _ = pthread_detach(thread)
    }

    /// Lets this thread sleep for less than `poll(2)` can measure.
    package static func nap(_ duration: Duration) {
        let nanoseconds = max(0, duration.nanoseconds)
        var rest = timespec(
            tv_sec: Int(nanoseconds / 1_000_000_000),
            tv_nsec: Int(nanoseconds % 1_000_000_000)
        )
        unsafe _ = nanosleep(&rest, nil)
    }

    /// Runs `body` on a new thread and waits for what it returns, without blocking the caller's thread.
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

    private static func setName(_ name: String) {
        let bytes = Array(name.utf8)
        if let file = try? OpenFile("/proc/thread-self/comm", .update) {
            try? unsafe file.write(bytes.span.bytes, at: 0)
        }
    }

    private final class Start: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
