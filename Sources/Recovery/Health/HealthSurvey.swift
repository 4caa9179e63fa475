import LinuxFiles
package import Repository
import Synchronization
package import SystemPackage

/// Looks after the databases of a root: whether their latest captured images are sound, and what happened between two looks that
/// somebody may want to go back behind. It looks at the mirrors; never at a live file. `run` is for one thread at a time.
package final class HealthSurvey: Sendable {
    package struct Verdict: Sendable {
        /// The database.
        package let path: FilePath
        package let sequence: Sequence
        /// Why it is not good; nil if it is.
        package let problem: String?
        /// The last snapshot before it that was found good.
        package let lastGood: Sequence?
        /// The one before it was good, or there was none.
        package let isNews: Bool
        /// What is to be written into the history.
        package let wishes: [AnnotationWish]
    }

    /// Databases that are looked at in one survey: those that changed last.
    private static let most = 16
    /// Larger images are not rebuilt to find where something happened, in bytes.
    private static let largestRebuild: UInt64 = 1 << 30

    private let root: RootDescription
    /// What was found last, and of which snapshot.
    private let known = Mutex<[FileID: (sequence: Sequence, facts: HealthFacts)]>([:])

    private struct Work {
        var database: ImageDatabase?
        var isStopped = false
    }

    private let work = Mutex(Work())

    package init(_ root: RootDescription) {
        self.root = root
    }

    /// Ends what runs, and all that would.
    package func stop() {
        work.withLock { work in
            work.isStopped = true
            work.database?.interrupt()
        }
    }

    /// Calls `onVerdict` for each database whose latest image has none yet. One that changes meanwhile is left for the next survey.
    ///
    /// - Parameter stamp: of the present, for names.
    package func run(stamp: String, _ onVerdict: (Verdict) throws -> Void) throws {
        var latest = LatestStates()
        try ReplacedSegmentError.lookingAgain {
            latest = LatestStates()
            try RootHistory(root).visit { latest.add($0) }
        }
        for (file, state) in latest.unjudged.prefix(Self.most) {
            guard !work.withLock({ $0.isStopped }) else { return }
            guard !latest.isDatabaseNoMore(file) else {
                try onVerdict(verdictOnOther(file, state, latest))
                continue
            }
            guard let facts = try look(file, state) else { continue }
            let verdict = try judge(file, state, facts, &latest, stamp)
            known.withLock { $0[file] = (state.sequence, facts) }
            try onVerdict(verdict)
        }
    }

    /// On what is no database any more.
    private func verdictOnOther(_ file: FileID, _ state: SnapshotState, _ latest: LatestStates) -> Verdict {
        let problem = Integrity.otherBytes
        return Verdict(
            path: latest.names[file].map(root.path) ?? root.path,
            sequence: state.sequence,
            problem: problem,
            lastGood: latest.judgements[file]?.lastGood,
            isNews: latest.judgements[file]?.isGood ?? true,
            wishes: [
                AnnotationWish(
                    .health,
                    target: state.sequence,
                    fields: ["verdict": "bad", "reason": problem]
                )
            ]
        )
    }

    /// Nil when the mirror is not that snapshot, before or after.
    private func look(_ file: FileID, _ state: SnapshotState) throws -> HealthFacts? {
        let path = root.mirrorPath(file)
        guard let before = FileStatus.ifPresent(path), before.sizeBytes == state.shape.byteCount else {
            return nil
        }
        let isSnapshot = { try ImageDigest.of(OpenFile(path, .read), shape: state.shape) == state.digest }
        guard try isSnapshot() else { return nil }
        let facts = try? HealthFacts(imageAt: path) { database in
            work.withLock { work in
                work.database = database
                if work.isStopped { database?.interrupt() }
            }
        }
        return try FileStatus.ifPresent(path) == before && isSnapshot() ? facts : nil
    }

    private func judge(
        _ file: FileID,
        _ state: SnapshotState,
        _ facts: HealthFacts,
        _ latest: inout LatestStates,
        _ stamp: String
    ) throws -> Verdict {
        let judgement = latest.judgements[file]
        var problem: String?
        if case .problems(let problems) = facts.integrity {
            problem = problems[0]
        }
        var fields = ["verdict": problem == nil ? "good" : "bad"]
        if let problem { fields["reason"] = problem }
        // Many a program keeps such rows on purpose.
        if problem == nil, facts.violationCount > 0 { fields["violations"] = String(facts.violationCount) }
        if case .unchecked(let reason) = facts.integrity { fields["unchecked"] = reason }
        var wishes = [AnnotationWish(.health, target: state.sequence, fields: fields)]
        if problem == nil {
            let former = try FormerLook.find(
                root,
                file,
                before: state,
                known: known.withLock { $0[file] },
                lastGood: judgement?.lastGood,
                restored: latest.restored[file],
                isYoung: latest.births[file].map { $0.age < FormerLook.youth } ?? true
            )
            wishes +=
                try former.map { former in
                    try marks(file, state, former, facts) { latest.takeTag("\($0)-\(stamp)") }
                } ?? []
        }
        return Verdict(
            path: latest.names[file].map(root.path) ?? root.path,
            sequence: state.sequence,
            problem: problem,
            lastGood: judgement?.lastGood,
            isNews: judgement?.isGood ?? true,
            wishes: wishes
        )
    }

    /// Names for the moments just before a mass deletion or a change of the schema.
    private func marks(
        _ file: FileID,
        _ state: SnapshotState,
        _ former: FormerLook,
        _ new: HealthFacts,
        name: (String) -> String
    ) throws -> [AnnotationWish] {
        var marks: [AnnotationWish] = []
        let (before, old) = (former.sequence, former.facts)
        let point = TurningPoint(root, file, after: before, upTo: state.sequence)
        let mayRebuild = state.shape.byteCount <= Self.largestRebuild
        let deletions = new.massDeletions(since: old)
        if let worst = deletions.first {
            let remaining = new.rowCounts[worst.table] ?? 0
            let last =
                try mayRebuild
                ? point.lastBefore {
                    ($0.rowCounts[worst.table] ?? 0) <= (remaining + (old.rowCounts[worst.table] ?? 0)) / 2
                }
                : before
            let tables = deletions.map { "\($0.lost) rows of \($0.table)" }
            let message = tables.joined(separator: ", ")
            marks.append(.tag(name("before-deletion"), message: message, at: last, isAutomatic: true))
        }
        if former.isSettled, new.schemaHash != old.schemaHash {
            let last = try mayRebuild ? point.lastBefore { $0.schemaHash != old.schemaHash } : before
            marks.append(.tag(name("before-schema-change"), at: last, isAutomatic: true))
        }
        return marks
    }
}

/// The latest snapshot of each database, and what was said of its health.
private struct LatestStates {
    struct Judgement {
        var isGood: Bool
        var lastGood: Sequence?
    }

    private(set) var names: [FileID: FilePath] = [:]
    private var kinds: [FileID: FileKind] = [:]
    private var states: [FileID: SnapshotState] = [:]
    /// When the first snapshot of each file was taken.
    private(set) var births: [FileID: Instant] = [:]
    /// The snapshot with what was brought back last of each file.
    private(set) var restored: [FileID: Sequence] = [:]
    private var wereDatabases: Set<FileID> = []
    private var files: [Sequence: FileID] = [:]
    private var judged: [FileID: Sequence] = [:]
    private(set) var judgements: [FileID: Judgement] = [:]
    private var tags: Set<String> = []

    mutating func add(_ event: HistoryEvent) {
        switch event {
        case .file(let file, let name, let kind):
            (names[file], kinds[file]) = (name, kind)
            if kind == .database { wereDatabases.insert(file) }
        case .snapshot(let record):
            states[record.file] = record.state
            births[record.file] = births[record.file] ?? record.state.time
            files[record.state.sequence] = record.file
        case .annotation(let annotation) where annotation.kind == .health:
            guard let file = files[annotation.target], let verdict = annotation.fields["verdict"] else {
                return
            }
            judged[file] = annotation.target
            var judgement = judgements[file] ?? Judgement(isGood: true)
            judgement.isGood = verdict == "good"
            if judgement.isGood { judgement.lastGood = annotation.target }
            judgements[file] = judgement
        case .annotation(let annotation) where annotation.kind == .tag:
            if let name = annotation.fields["name"] { tags.insert(name) }
        case .annotation(let annotation) where annotation.kind == .restore:
            let entry = RecoveryEntry(annotation, among: names.keys.sorted())
            for file in entry?.before.keys.map(\.self) ?? [] { restored[file] = entry?.result }
        case .annotation, .attributes, .gap, .session, .finding: break
        }
    }

    /// The name, or with a number behind it if there is such a tag: each database has its own.
    mutating func takeTag(_ name: String) -> String {
        var (free, number) = (name, 1)
        while !tags.insert(free).inserted {
            number += 1
            free = "\(name)-\(number)"
        }
        return free
    }

    /// Whether it was a database, and something else was written over it.
    func isDatabaseNoMore(_ file: FileID) -> Bool {
        kinds[file] != .database && wereDatabases.contains(file) && states[file]?.shape.byteCount ?? 0 > 0
    }

    /// Databases whose latest image nobody looked at, the one that changed last first.
    var unjudged: [(FileID, SnapshotState)] {
        states.filter {
            (kinds[$0.key] == .database || isDatabaseNoMore($0.key)) && $0.value.event != .deleted
                && judged[$0.key] != $0.value.sequence
        }
        .sorted { $0.value.sequence > $1.value.sequence }.map { ($0.key, $0.value) }
    }
}
