import Capture
import LinuxSystem
import RepositoryReader

/// What the watcher of a root says of it, if one runs.
struct WatcherAnswer: Sendable {
    /// Nil if no watcher runs, or it does not answer.
    private(set) var status: WatcherStatus?
    /// All that was committed until then is durable; nil if that is not known.
    private(set) var durableUntil: Instant?
    /// The process of a watcher that does not answer; 0 if it is not known.
    private(set) var unanswering: Int32?

    /// The longest that a watcher takes until everything is durable before it counts as behind.
    private static let patience = Duration.milliseconds(250)

    /// Asks it. Blocks the thread.
    init(asking root: RootDescription) {
        let client = ControlClient(root)
        do {
            status = try client.status()
        } catch {
            unanswering = (try? client.listener()) ?? 0
        }
        guard status?.isReady == true else { return }
        let asked = Instant.now
        let point = try? client.synchronise(timeout: Self.patience)
        durableUntil = point.flatMap { $0.incomplete == nil ? asked : nil }
    }
}
