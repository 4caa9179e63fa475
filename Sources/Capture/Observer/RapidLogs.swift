import LinuxSystem
import SystemPackage

/// The logs to which commits come without a pause. Nobody asks for events of their writes: to make them costs
/// the kernel, and so the writer, a tenth of its time. They are polled instead, and prove by themselves that
/// nothing of them is missed.
struct RapidLogs {
    typealias Log = (tracker: Tracker, log: WrittenName)

    /// By the directory that they are in.
    private(set) var logs: [FilePath: [Log]] = [:]
    /// When they are polled next; nil while there are none.
    private(set) var nextPoll: MonotonicInstant?
    /// Directories that have to wait until then.
    private var pauses: [FilePath: MonotonicInstant] = [:]

    /// A directory whose log has paused waits for so long.
    private static let pause = Duration.milliseconds(100)
    /// One that has what does not allow it.
    private static let longPause = Duration.seconds(10)

    func contains(_ tracker: Tracker, in name: FilePath) -> Bool {
        logs[name]?.contains { $0.tracker === tracker } ?? false
    }

    func mayBegin(in name: FilePath, _ now: MonotonicInstant) -> Bool {
        pauses[name].map { $0 <= now } ?? true
    }

    mutating func insert(_ tracker: Tracker, _ log: WrittenName) {
        logs[log.directory, default: []].append((tracker, log))
        if nextPoll == nil { isPolled(.now) }
    }

    mutating func remove(_ name: FilePath, _ now: MonotonicInstant) -> [Log]? {
        guard let removed = logs.removeValue(forKey: name) else { return nil }
        rest(name, for: Self.pause, now)
        if logs.isEmpty { nextPoll = nil }
        return removed
    }

    /// The directory has what does not allow it.
    mutating func refuse(_ name: FilePath, _ now: MonotonicInstant) { rest(name, for: Self.longPause, now) }

    private mutating func rest(_ name: FilePath, for pause: Duration, _ now: MonotonicInstant) {
        // Directories that are long gone need not be known.
        pauses = pauses.filter { $0.value > now }
        pauses[name] = now.advanced(by: pause)
    }

    mutating func isPolled(_ now: MonotonicInstant) { nextPoll = now.advanced(by: Observer.busyPause) }
}
