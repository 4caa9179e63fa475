import Capture
import History
import LinuxSystem
import Recovery
import RepositoryReader

/// Makes restore drills of one root from time to time.
struct DrillWatch: Sendable {
    let protector: RootProtector
    let schedule: DrillSchedule
    let loop: EventLoop
    let notice: @Sendable (RootDescription, DrillRecord) -> Void

    /// Returns when the task is cancelled.
    func run() async {
        let root = protector.root
        var delay = schedule.firstDelay
        while true {
            do {
                try await loop.sleep(for: delay)
                delay = schedule.interval
                let (due, record) = try await BackgroundWork.run(on: loop) { [schedule] in
                    try Self.drill(root, schedule)
                }
                if let due { delay = due }
                guard let record else { continue }
                _ = try await protector.synchronise([record.request])
                notice(root, record)
            } catch is CancellationError {
                return
            } catch {
                // No room, perhaps: the next time is as good.
            }
        }
    }

    /// Nothing is made while the last one is not so long ago; then how long it is until the next one.
    static func drill(
        _ root: RootDescription,
        _ schedule: DrillSchedule
    ) throws -> (due: Duration?, record: DrillRecord?) {
        let index = try SnapshotIndex(root)
        // A clock that was put back makes no drill wait for longer than one that was just made.
        let lastAge = index.drills.last?.time.age
        if let due = lastAge.flatMap({ schedule.delay(lastAge: $0) }) { return (due, nil) }
        guard let entry = index.entries(in: .root).last else { return (nil, nil) }
        return (nil, try Drill.run(index, entry, in: .root))
    }
}
