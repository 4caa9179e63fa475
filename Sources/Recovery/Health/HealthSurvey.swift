import History
import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
package import SystemPackage

/// Checks the databases of a root: whether their latest captured images are healthy, and whether an event
/// since the last check deserves a tag. It reads the mirrors, never a live file.
package struct HealthSurvey: Sendable {
    /// The last result of each database, and its snapshot.
    package struct Knowledge: Sendable, Codable {
        fileprivate struct SurveyedSnapshot: Codable {
            let sequence: SequenceNumber
            let facts: HealthFacts
        }

        fileprivate var results: [FileID: SurveyedSnapshot] = [:]

        package init() {}
    }

    package struct Verdict: Sendable, Codable {
        /// Absolute paths of the root and the database.
        package let root: FilePath
        package let path: FilePath
        package let sequence: SequenceNumber
        /// Why it is not healthy; nil if it is.
        package let problem: String?
        /// The last healthy snapshot before it.
        package let lastGood: SequenceNumber?
        /// Whether the one before it was healthy, or there was none.
        package let isNews: Bool
        package let requests: [AnnotationRequest]

        /// How many rows of which tables were deleted at once since the last one; nil if not many were.
        package var massDeletion: String? { requests.lazy.compactMap { $0.fields["message"] }.first }
    }

    /// The most databases in one survey: those that changed last.
    private static let most = 16

    private let root: RootDescription
    package private(set) var known: Knowledge
    /// Absolute paths of databases that were damaged when they were deleted.
    package private(set) var deletedDamaged: [FilePath] = []

    /// - Parameter known: by earlier surveys.
    package init(_ root: RootDescription, known: Knowledge = Knowledge()) {
        (self.root, self.known) = (root, known)
    }

    /// Calls `onVerdict` for each database with a latest image that has no verdict yet. One that changes
    /// meanwhile is left for the next survey.
    ///
    /// - Parameter stamp: of the current time, for names.
    package mutating func run(stamp: String, _ onVerdict: (Verdict) throws -> Void) throws {
        let latest = try ReplacedSegmentError.retrying {
            let latest = LatestStates()
            try RootHistory(root).visit { latest.add($0) }
            return latest
        }
        deletedDamaged = latest.deletedDamaged.map(root.path)
        let past = LazyHistory(root)
        for (file, state) in latest.unjudged.prefix(Self.most) {
            let examination = Examination(
                file: file,
                state: state,
                latest: latest,
                past: past,
                known: known.results[file]
            )
            guard !latest.isDatabaseNoMore(file) else {
                try onVerdict(examination.verdict(problem: Integrity.otherBytes))
                continue
            }
            guard let facts = try facts(file, state) else { continue }
            let verdict = try examination.judge(facts, stamp)
            known.results[file] = Knowledge.SurveyedSnapshot(sequence: state.sequence, facts: facts)
            try onVerdict(verdict)
        }
    }

    /// Nil when the mirror is not that snapshot, before or after.
    private func facts(_ file: FileID, _ state: SnapshotState) throws -> HealthFacts? {
        let path = root.mirrorPath(file)
        guard let before = FileStatus.ifPresent(path), before.sizeBytes == state.shape.byteCount else {
            return nil
        }
        let isSnapshot = { try ImageDigest.of(OpenFile(path, .read), shape: state.shape) == state.digest }
        guard try isSnapshot() else { return nil }
        let facts = try? HealthFacts(imageAt: path)
        return try FileStatus.ifPresent(path) == before && isSnapshot() ? facts : nil
    }
}

/// What a survey has of one database.
private struct Examination {
    let file: FileID
    let state: SnapshotState
    let latest: LatestStates
    let past: LazyHistory
    /// The last result, and its snapshot.
    let known: HealthSurvey.Knowledge.SurveyedSnapshot?

    /// Larger images are not rebuilt to find an event, in bytes.
    private static let largestRebuild: UInt64 = 1 << 30
    /// A database is young for this long.
    private static let youth = Duration.seconds(120)

    func judge(_ facts: HealthFacts, _ stamp: String) throws -> HealthSurvey.Verdict {
        if case .problems(let problems) = facts.integrity { return verdict(problem: problems[0]) }
        var remarks: [String: String] = [:]
        // Many programs keep such rows on purpose.
        if facts.violationCount > 0 { remarks["violations"] = String(facts.violationCount) }
        if case .unchecked(let reason) = facts.integrity { remarks["unchecked"] = reason }
        let marks = try former().map { try self.marks($0, facts, stamp) } ?? []
        return verdict(problem: nil, remarks: remarks, marks: marks)
    }

    func verdict(
        problem: String?,
        remarks: [String: String] = [:],
        marks: [AnnotationRequest] = []
    ) -> HealthSurvey.Verdict {
        var fields = remarks
        fields["reason"] = problem
        let judgement = latest.judgements[file]
        return HealthSurvey.Verdict(
            root: past.root.path,
            path: latest.names[file].map(past.root.path) ?? past.root.path,
            sequence: state.sequence,
            problem: problem,
            lastGood: judgement?.lastGood,
            isNews: judgement?.isGood ?? true,
            requests: [.health(problem == nil ? .good : .bad, of: state.sequence, fields: fields)] + marks
        )
    }

    /// The state to compare with: that of the last check. There are two exceptions:
    /// 1. If there was no check yet, it is the fullest of some earlier states. So it is if the database is
    ///    young and was filled since the check.
    /// 2. States before the last restored one are not used: the restore was intended.
    private func former() throws -> FormerState? {
        guard let first = latest.firsts[file], first.sequence < state.sequence else { return nil }
        let restored = latest.restored[file] ?? .none
        let known = known.flatMap { known in
            known.sequence < restored
                ? nil : FormerState(sequence: known.sequence, facts: known.facts, isSettled: true)
        }
        let isYoung = first.time.age < Self.youth
        if known != nil, !isYoung { return known }
        let all = try past.entries(of: file)
        let start = all.lastIndex(atOrBefore: restored) ?? 0
        let entries = all[start...].filter { $0.sequence < state.sequence }
        let formerStates = FormerStates(try past.images(), imageBytes: state.shape.byteCount)
        let good = entries.last { $0.sequence == latest.judgements[file]?.lastGood }
        let settled = good ?? (restored == .none ? nil : entries.first)
        let former = try known ?? settled.flatMap { try formerStates.state(at: $0, isSettled: true) }
        guard former == nil || isYoung, let fullest = try formerStates.fullest(of: entries),
            fullest.facts.rowCount > former?.facts.rowCount ?? 0
        else { return former }
        return fullest
    }

    /// Tags for the moments just before a mass deletion or a change of the schema.
    private func marks(
        _ former: FormerState,
        _ new: HealthFacts,
        _ stamp: String
    ) throws -> [AnnotationRequest] {
        var marks: [AnnotationRequest] = []
        let (before, old) = (former.sequence, former.facts)
        let mayRebuild = state.shape.byteCount <= Self.largestRebuild
        func lastBefore(_ hasHappened: (HealthFacts) -> Bool) throws -> SequenceNumber {
            guard mayRebuild else { return before }
            let (entries, images) = (try past.entries(of: file), try past.images())
            return try HistoryBisection(entries, images, after: before, upTo: state.sequence)
                .lastBefore(hasHappened)
        }
        // A dropped table counts, though its tag for the change of the schema names the same moment: only a
        // mass deletion is an alert.
        let deletions = new.massDeletions(since: old)
        if let worst = deletions.first {
            let remaining = new.rowCounts[worst.table] ?? 0
            let half = (remaining + (old.rowCounts[worst.table] ?? 0)) / 2
            let last = try lastBefore { $0.rowCounts[worst.table] ?? 0 <= half }
            let message = deletions.map { "\($0.lostRows) rows of \($0.table)" }.joined(separator: ", ")
            let name = latest.takeTag("before-deletion-\(stamp)")
            marks.append(.tag(name, message: message, at: last, isAutomatic: true))
        }
        if former.isSettled, new.schemaDigest != old.schemaDigest {
            let last = try lastBefore { $0.schemaDigest != old.schemaDigest }
            let name = latest.takeTag("before-schema-change-\(stamp)")
            marks.append(.tag(name, at: last, isAutomatic: true))
        }
        return marks
    }
}

/// The history of a root, read on first use.
private final class LazyHistory {
    let root: RootDescription
    private var index: SnapshotIndex?
    private var work: HistoricalImages?

    init(_ root: RootDescription) { self.root = root }

    func entries(of file: FileID) throws -> [SnapshotIndex.Entry] {
        let index = try index ?? SnapshotIndex(root)
        self.index = index
        return index.entries(in: .file(file))
    }

    func images() throws -> HistoricalImages {
        let images = try work ?? HistoricalImages(root)
        work = images
        return images
    }
}
