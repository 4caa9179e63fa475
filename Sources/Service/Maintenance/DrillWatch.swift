import Capture
import History
import LinuxSystem
import Recovery
import RepositoryReader

/// Makes restore drills of one root from time to time.
final class DrillWatch: Sendable {
    /// After its start a watcher has other things to do.
    private static let firstDelay = Duration.seconds(600)

    private let protector: RootProtector
    private let interval: Duration
    private let notice: @Sendable (RootDescription, DrillRecord) -> Void

    init(
        _ protector: RootProtector,
        every interval: Duration,
        notice: @escaping @Sendable (RootDescription, DrillRecord) -> Void
    ) {
        self.protector = protector
        self.interval = interval
        self.notice = notice
    }

    /// Returns when the task is cancelled.
    func run() async {
        let root = protector.root
        var delay = min(Self.firstDelay, interval)
        while true {
            do {
                try await Task.sleep(for: delay)
                delay = interval
                let (due, record) = try await BackgroundWork.run("drill") { [interval] in
                    try Self.drill(root, interval)
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
    private static func drill(
        _ root: RootDescription,
        _ interval: Duration
    ) throws -> (due: Duration?, record: DrillRecord?) {
        let index = try SnapshotIndex(root)
        if let last = index.drills.last {
            let age = last.time.age
            // A clock that was put back makes no drill wait for longer than one that was just made.
            if age < interval { return (interval - age, nil) }
        }
        guard let entry = index.entries(in: .root).last else { return (nil, nil) }
        return (nil, try Drill(root).run(index, entry, in: .root))
    }
}
