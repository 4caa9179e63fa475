import LinuxFiles
import Repository
import Synchronization

/// Seals full segments on a thread of its own, which yields to everything else. It waits until it is woken.
final class Sealer: Sendable {
    private let root: RootDescription
    private let meter: StatusMeter
    private let bell = Semaphore()
    private let hasEnded = Semaphore()
    private let isStopped = Atomic<Bool>(false)
    private let isFinishing = Atomic<Bool>(false)

    init(_ root: RootDescription, meter: StatusMeter) {
        self.root = root
        self.meter = meter
    }

    /// Begins with what earlier writers left. `end` must follow.
    func start() throws(SystemError) {
        try Thread.start("sealer", urgency: .low) { [self] in
            work()
            hasEnded.signal()
        }
    }

    /// What it knows and has on the disk goes when it returns.
    private func work() {
        let sealing = RootSealing(root)
        while !isStopped.load(ordering: .acquiring) {
            // Asked for before the work: what is full by then is sealed.
            let isLast = isFinishing.load(ordering: .acquiring)
            seal(sealing)
            if isLast { return }
            bell.wait()
        }
    }

    /// A segment has become full.
    func wake() { bell.signal() }

    /// Returns when no segment is touched any more: at once, or when all that are full are sealed.
    func end(finishing: Bool) {
        if finishing {
            isFinishing.store(true, ordering: .releasing)
        } else {
            isStopped.store(true, ordering: .releasing)
        }
        bell.signal()
        hasEnded.wait()
    }

    private func seal(_ sealing: RootSealing) {
        do {
            let count = try sealing.run { [self] in !isStopped.load(ordering: .acquiring) }
            if count > 0 { Memory.returnUnused() }
        } catch {
            // The segment stays as it is, and the next one that is full brings the next try.
            meter.tell(
                .finding(
                    Finding(.warning, root.directory, at: 0, "a segment cannot be sealed yet (\(error))")
                )
            )
        }
    }
}
