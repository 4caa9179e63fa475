package import LinuxSystem

/// The threads and inotify instances by which one process protects its roots. There are few of them, however
/// many roots it has: a user may have only 128 inotify instances, and each thread needs memory.
///
/// The threads end when this is freed.
package final class ProtectorThreads: Sendable {
    /// Process what changes, at once.
    let observers: EventLoop
    /// Write to the repository.
    package let recorders: EventLoop
    /// Makes what was written small, for one root after the other.
    let compactors: EventLoop
    package let inotify: InotifyInstances
    let links = LinkSurvey()
    private let standby: StandbyThreads?

    /// More roots at a time wait for each other.
    private static let mostThreads = 2
    /// A root whose disk does not answer for longer keeps no other one waiting.
    private static let patience = Duration.seconds(1)

    /// Throws `SystemError`, but not for a limit of inotify: then everything is polled.
    package init(rootCount: Int = 1) throws(SystemError) {
        let threads = min(rootCount, WorkerThread.processors.count, Self.mostThreads)
        observers = try EventLoop("observer", threads: threads, urgency: .high, patience: Self.patience)
        recorders = try EventLoop("recorder", threads: threads, patience: Self.patience)
        compactors = try EventLoop("compactor", urgency: .low)
        inotify = try InotifyInstances()
        standby = if let names = inotify.names { try StandbyThreads(reading: names) } else { nil }
        if let writes = inotify.writes {
            // Writes come by the thousand. While they wait, many of them merge into one event.
            _ = observers.watch(writes, pause: Observer.busyPause) { try? writes.read() }
        }
    }

    /// To be called now and then: all observers or recorders may be blocked.
    package func revive() {
        observers.revive()
        recorders.revive()
    }

    /// Whether an observer or a recorder has been at one job for longer than that.
    package func hang(for time: Duration) -> Bool { observers.hangs(for: time) || recorders.hangs(for: time) }

    deinit {
        standby?.stop()
        for loop in [observers, recorders, compactors] { loop.stop() }
    }
}
