import LinuxSystem
import Synchronization

/// A disk that is full for some writes of the thread that has armed it, and has room again after them.
final class FullDisk: Sendable {
    private let refusals = Atomic(0)

    /// This many writes from now on end early for want of space.
    func fill(refusing count: Int) { refusals.store(count, ordering: .releasing) }

    /// Arms the thread that calls it (`Faults.arm`).
    func arm() {
        Faults.arm { [self] point, _ in
            guard point == .write, refusals.load(ordering: .acquiring) > 0 else { return nil }
            refusals.subtract(1, ordering: .acquiringAndReleasing)
            return .writesOnly(byteCount: 10)
        }
    }
}
