import Capture
package import History
package import LinuxSystem
package import Recovery
package import RepositoryFormat
package import RepositoryReader
import SystemPackage

/// How a root is doing: what its history says, and what its watcher says if one runs.
package struct RootStatus: Sendable {
    package enum State: String, Sendable { case watching, stopped, degraded }

    package let root: RootDescription
    package let watcher: WatcherStatus?
    /// Why its history cannot be read; nil when it can.
    private var problem: String?
    package private(set) var files = 0
    package private(set) var databases = 0
    package private(set) var sequence = SequenceNumber.none
    package private(set) var lastTime: Instant?
    /// Snapshots that are exactly one transaction.
    package private(set) var commits: UInt64 = 0
    /// Transactions that share a snapshot with others.
    package private(set) var coalesced: UInt64 = 0
    package private(set) var gaps = 0
    /// The newest snapshot that was found good.
    package private(set) var lastGood: SequenceNumber?
    /// All that was committed until then is durable; nil if that is not known.
    package private(set) var durableUntil: Instant?
    /// The process of a watcher that does not answer; 0 if it is not known.
    package private(set) var unanswering: Int32?
    /// What was stored in the last 24 hours, in bytes.
    package private(set) var dayBytes: UInt64 = 0
    /// What is free on the repository's disk, in bytes; nil if that is not known.
    package private(set) var freeBytes: UInt64?
    package private(set) var healthIssues: [HealthIssue] = []
    /// Whether any database was ever looked at.
    package private(set) var hasVerdict = false
    package private(set) var lastDrill: DrillRecord?
    /// Everything that the repository keeps of the root, mirrors included.
    package private(set) var storage = RootStorage()
    /// The repository is on the root's disk, as the watcher says. Without one nobody asks: the root's disk
    /// may not answer.
    package var sharesDisk: Bool { watcher?.sharesDisk ?? false }

    var isReadable: Bool { problem == nil }

    package var state: State {
        if unanswering != nil { return .degraded }
        guard let watcher else { return .stopped }
        return watcher.trouble == nil && problem == nil ? .watching : .degraded
    }

    /// Why it is not watching as it should; nil when it is.
    package var reason: String? {
        if unanswering != nil { return "the watcher does not answer" }
        guard let watcher else { return problem ?? "no watcher runs" }
        return watcher.trouble ?? problem ?? (watcher.isReady ? nil : "the first capture is under way")
    }

    /// The time until the disk is full, if the root goes on as in the last 24 hours; nil for never,
    /// or in more than 10 years.
    package var timeUntilFull: Duration? {
        guard let freeBytes, dayBytes > 0 else { return nil }
        let days = Double(freeBytes) / Double(dayBytes)
        return days > Self.longestForecast ? nil : .seconds(days * 86_400)
    }

    /// Nobody plans further, in days.
    private static let longestForecast = 3650.0
    private static let day = Duration.seconds(86_400)
    /// The longest that a watcher takes until everything is durable before it counts as behind.
    private static let patience = Duration.milliseconds(250)

    /// Asks the watcher, and reads the history beside it.
    package init(_ root: RootDescription) throws {
        self = try ReplacedSegmentError.retrying { try Self(once: root) }
    }

    /// A root of which only its watcher can tell, for its history cannot be read.
    package init(_ root: RootDescription, unreadable error: any Error) {
        self.root = root
        let answer = Self.ask(root)
        (watcher, durableUntil, unanswering) = (answer.watcher, answer.durableUntil, answer.unanswering)
        problem = "\(error)"
    }

    private static func ask(
        _ root: RootDescription
    ) -> (watcher: WatcherStatus?, durableUntil: Instant?, unanswering: Int32?) {
        let client = ControlClient(root)
        let watcher: WatcherStatus?
        do {
            watcher = try client.status()
        } catch {
            return (nil, nil, (try? client.listener()) ?? 0)
        }
        guard watcher?.isReady == true else { return (watcher, nil, nil) }
        let asked = Instant.now
        let point = try? client.synchronise(timeout: patience)
        return (watcher, point.flatMap { $0.incomplete == nil ? asked : nil }, nil)
    }

    private init(once root: RootDescription) throws {
        self.root = root
        let answer = Self.ask(root)
        (watcher, durableUntil, unanswering) = (answer.watcher, answer.durableUntil, answer.unanswering)
        freeBytes = try? FileSystemSpace(at: root.directory).freeBytes
        var kinds: [FileID: FileKind] = [:]
        var isAlive: [FileID: Bool] = [:]
        var files: [SequenceNumber: FileID] = [:]
        var names: [FileID: FilePath] = [:]
        var lastGood: [FileID: SequenceNumber] = [:]
        var badSince: [FileID: SequenceNumber] = [:]
        try RootHistory(root).visit { event in
            switch event {
            case .file(let file, let name, let kind): (kinds[file], names[file]) = (kind, name)
            case .snapshot(let record):
                sequence = record.state.sequence
                lastTime = record.state.time
                if record.state.time.age <= Self.day { dayBytes.addSaturated(record.storedBytes) }
                files[sequence] = record.file
                isAlive[record.file] = record.state.event != .deleted
                if record.state.event == .deleted { badSince[record.file] = nil }
                if record.state.event == .commit {
                    commits += 1
                } else {
                    coalesced.addSaturated(record.coalesced)
                }
            case .gap: gaps += 1
            case .annotation(let annotation) where annotation.kind == .health:
                guard let file = files[annotation.target], let verdict = annotation.verdict else { return }
                hasVerdict = true
                if verdict == .good {
                    self.lastGood = max(self.lastGood ?? .none, annotation.target)
                    (lastGood[file], badSince[file]) = (annotation.target, nil)
                } else {
                    badSince[file] = badSince[file] ?? annotation.target
                }
            case .annotation(let annotation): lastDrill = DrillRecord(annotation) ?? lastDrill
            case .session, .attributes, .finding: break
            }
        }
        healthIssues = badSince.sorted { $0.key < $1.key }.map { file, since in
            HealthIssue(path: names[file].map(root.path) ?? root.path, since: since, lastGood: lastGood[file])
        }
        let alive = isAlive.filter(\.value).keys
        self.files = alive.count
        databases = alive.count { kinds[$0] == .database }
        storage = RootStorage(root)
    }
}
