import LinuxSystem
import SystemPackage

/// The logs to which commits come without a pause. Nobody asks for events of their writes: to make them costs
/// the kernel, and so the writer, a tenth of its time. They are polled instead, and prove by themselves that
/// nothing of them is missed.
struct RapidLogs {
    struct Directory {
        /// Open, whatever has its path by now.
        let directory: OpenDirectory
        fileprivate(set) var logs: [(tracker: Tracker, log: WrittenName)]
    }

    private(set) var directories: [FilePath: Directory] = [:]
    /// When they are polled next; nil while there are none.
    private(set) var nextPoll: MonotonicInstant?
    /// Directories that have to wait until then.
    private var pauses: [FilePath: MonotonicInstant] = [:]

    /// A directory whose log has paused waits for so long.
    private static let pause = Duration.milliseconds(100)
    /// One that has what does not allow it.
    private static let longPause = Duration.seconds(10)

    func contains(_ tracker: Tracker, in name: FilePath) -> Bool {
        directories[name]?.logs.contains { $0.tracker === tracker } ?? false
    }

    func mayBegin(in name: FilePath, _ now: MonotonicInstant) -> Bool {
        pauses[name].map { $0 <= now } ?? true
    }

    mutating func insert(_ tracker: Tracker, _ log: WrittenName, _ directory: OpenDirectory) {
        let none = Directory(directory: directory, logs: [])
        directories[log.directory, default: none].logs.append((tracker, log))
        if nextPoll == nil { isPolled(.now) }
    }

    mutating func remove(_ name: FilePath, _ now: MonotonicInstant) -> Directory? {
        guard let directory = directories.removeValue(forKey: name) else { return nil }
        pauses[name] = now.advanced(by: Self.pause)
        if directories.isEmpty { nextPoll = nil }
        return directory
    }

    /// The directory has what does not allow it.
    mutating func refuse(_ name: FilePath, _ now: MonotonicInstant) {
        // Directories that are long gone need not be known.
        pauses = pauses.filter { $0.value > now }
        pauses[name] = now.advanced(by: Self.longPause)
    }

    mutating func isPolled(_ now: MonotonicInstant) { nextPoll = now.advanced(by: Observer.busyPause) }
}
