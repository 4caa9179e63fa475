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
    private let answer: WatcherAnswer
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
    /// What was stored in the last 24 hours, in bytes.
    package private(set) var dayBytes: UInt64 = 0
    /// What is free on the repository's disk, in bytes; nil if that is not known.
    package private(set) var freeBytes: UInt64?
    package private(set) var healthIssues: [HealthIssue] = []
    /// Whether any database was ever looked at.
    package private(set) var hasVerdict = false
    /// `good`, `bad` or `unknown`.
    package var health: String { healthIssues.isEmpty ? (hasVerdict ? "good" : "unknown") : "bad" }
    package private(set) var lastDrill: DrillRecord?
    /// Everything that the repository keeps of the root, mirrors included.
    package private(set) var storage = RootStorage()
    /// What its watcher says; nil if none runs, or it does not answer.
    package var watcher: WatcherStatus? { answer.status }
    /// All that was committed until then is durable; nil if that is not known.
    package var durableUntil: Instant? { answer.durableUntil }
    /// The process of a watcher that does not answer; 0 if it is not known.
    package var unanswering: Int32? { answer.unanswering }
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

    /// What happens if the root goes on as in the last 24 hours; nil for nothing within 10 years. Only a
    /// watcher knows a limit.
    package var forecast: GrowthForecast? {
        GrowthForecast(
            dayBytes: dayBytes,
            usedBytes: storage.disk.total,
            freeBytes: freeBytes,
            limitBytes: watcher?.maximumBytes
        )
    }

    private static let day = Duration.seconds(86_400)

    /// How each of the roots is doing, and why its history cannot be read; nil if it can.
    ///
    /// The watchers are asked beside each other, so those that hang are waited for once. Blocks the thread.
    package static func all(
        of roots: [RootDescription]
    ) -> [(status: RootStatus, problem: (any Error)?)] {
        let asked = roots.map { root in WorkerThread.begin("status") { WatcherAnswer(asking: root) } }
        return zip(roots, asked).map { root, asked in
            let answer = (try? asked.take().get()) ?? WatcherAnswer(asking: root)
            do {
                return (try RootStatus(root, answer), nil)
            } catch {
                return (RootStatus(root, answer, unreadable: error), error)
            }
        }
    }

    /// Reads the history beside the watcher, which gave that answer.
    init(_ root: RootDescription, _ answer: WatcherAnswer) throws {
        self = try ReplacedSegmentError.retrying { try Self(once: root, answer) }
    }

    /// A root of which only its watcher can tell, for its history cannot be read.
    init(_ root: RootDescription, _ answer: WatcherAnswer? = nil, unreadable error: any Error) {
        self.root = root
        self.answer = answer ?? WatcherAnswer(asking: root)
        problem = "\(error)"
    }

    private init(once root: RootDescription, _ answer: WatcherAnswer) throws {
        self.root = root
        self.answer = answer
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
