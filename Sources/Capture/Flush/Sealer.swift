import LinuxFiles
import Repository
import Synchronization

/// Seals full segments on a thread of its own, which yields to everything else. It waits until it is woken.
final class Sealer: Sendable {
    private let sealing: RootSealing
    private let meter: StatusMeter
    private let bell = Semaphore()
    private let hasEnded = Semaphore()
    private let isStopped = Atomic<Bool>(false)
    private let isFinishing = Atomic<Bool>(false)

    init(_ root: RootDescription, meter: StatusMeter) {
        sealing = RootSealing(root)
        self.meter = meter
    }

    /// Begins with what earlier writers left. `end` must follow.
    func start() throws(SystemError) {
        try Thread.start("sealer", urgency: .low) { [self] in
            while !isStopped.load(ordering: .acquiring) {
                // Asked for before the work: what is full by then is sealed.
                let isLast = isFinishing.load(ordering: .acquiring)
                seal()
                if isLast { break }
                bell.wait()
            }
            hasEnded.signal()
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

    private func seal() {
        do {
            let count = try sealing.run { [self] in !isStopped.load(ordering: .acquiring) }
            if count > 0 { Memory.returnUnused() }
        } catch {
            // The segment stays as it is, and the next one that is full brings the next try.
            let path = sealing.root.directory
            meter.tell(.finding(Finding(.warning, path, at: 0, "a segment cannot be sealed yet (\(error))")))
        }
    }
}
