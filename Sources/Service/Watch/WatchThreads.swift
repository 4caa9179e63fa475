import Capture
import LinuxSystem

/// The threads of a watcher, as many for one root as for a hundred. They end when this is freed.
final class WatchThreads: Sendable {
    let protectors: ProtectorThreads
    /// Answers other commands, and looks after the repository.
    let requests: EventLoop
    /// Checks of health and restore drills, one at a time.
    let maintenance: EventLoop

    init(rootCount: Int) throws(SystemError) {
        protectors = try ProtectorThreads(rootCount: rootCount)
        requests = try EventLoop("requests")
        maintenance = try EventLoop("maintenance", urgency: .low)
    }

    /// Whether a thread that capture or other commands need has been at one job for longer than that.
    func hang(for time: Duration) -> Bool { protectors.hang(for: time) || requests.hangs(for: time) }

    deinit {
        requests.stop()
        maintenance.stop()
    }
}
