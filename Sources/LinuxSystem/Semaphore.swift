import CLinux
import Glibc

/// A count that one thread raises and another waits for (sem_overview(7)).
@safe package final class Semaphore: Sendable {
    nonisolated(unsafe) private let semaphore: UnsafeMutablePointer<sem_t>

    /// Begins at 0.
    package init() {
        unsafe semaphore = .allocate(capacity: 1)
        unsafe semaphore.initialize(to: sem_t())
        unsafe sem_init(semaphore, 0, 0)
    }

    deinit {
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    package func signal() {
        unsafe sem_post(semaphore)
    }

    /// Waits until the count is above 0, then decrements it.
    package func wait() {
        while unsafe sem_wait(semaphore) != 0 {}
    }

    /// The same, for at most so long. Returns whether it has decremented the count.
    package func wait(within time: Duration) -> Bool {
        let end = MonotonicInstant.now.advanced(by: time).nanoseconds
        var deadline = timespec(tv_sec: Int(end / 1_000_000_000), tv_nsec: Int(end % 1_000_000_000))
        while unsafe linux_wait_for_semaphore(semaphore, &deadline) != 0 {
            if errno != EINTR { return false }
        }
        return true
    }
}
