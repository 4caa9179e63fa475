import CLinux
import Synchronization
import SystemPackage

/// Since when a thread is at its job, as others see it.
final class ThreadActivity: Sendable {
    /// The thread's number in the kernel.
    private let thread = linux_thread()
    /// In nanoseconds of `MonotonicInstant`; 0 between two jobs.
    private let began = Atomic<Int64>(0)

    /// Of the calling thread.
    init() {}

    func begin() { began.store(MonotonicInstant.now.nanoseconds, ordering: .relaxed) }

    func end() { began.store(0, ordering: .relaxed) }

    /// Whether it has been at one job for longer than that, and does not wait for a disk.
    func hangs(for time: Duration) -> Bool {
        let began = began.load(ordering: .relaxed)
        guard began != 0, MonotonicInstant(nanoseconds: began).duration(to: .now) > time else { return false }
        return !waitsForDisk
    }

    /// Whether no signal can end its wait: state D behind the name in parentheses (proc_pid_stat(5)).
    private var waitsForDisk: Bool {
        var bytes = [UInt8](repeating: 0, count: 512)
        guard let file = try? OpenFile(FilePath("/proc/self/task/\(thread)/stat"), .read),
            let count = try? file.read(into: &bytes, count: bytes.count, at: 0),
            let end = bytes[..<count].lastIndex(of: UInt8(ascii: ")")), end + 2 < count
        else { return false }
        return bytes[end + 2] == UInt8(ascii: "D")
    }
}
