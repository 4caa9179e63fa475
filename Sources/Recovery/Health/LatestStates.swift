import History
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// The latest snapshot of each database, and its verdict.
final class LatestStates {
    struct Judgement {
        var isGood: Bool
        var lastGood: SequenceNumber?
    }

    private(set) var names: [FileID: FilePath] = [:]
    private var kinds: [FileID: FileKind] = [:]
    private var states: [FileID: SnapshotState] = [:]
    private(set) var firsts: [FileID: SnapshotState] = [:]
    /// The snapshot with the last restored state of each file.
    private(set) var restored: [FileID: SequenceNumber] = [:]
    private var wereDatabases: Set<FileID> = []
    private var files: [SequenceNumber: FileID] = [:]
    private var judged: [FileID: SequenceNumber] = [:]
    private(set) var judgements: [FileID: Judgement] = [:]
    private var tags: Set<String> = []

    func add(_ event: HistoryEvent) {
        switch event {
        case .file(let file, let name, let kind):
            (names[file], kinds[file]) = (name, kind)
            if kind == .database { wereDatabases.insert(file) }
        case .snapshot(let record):
            states[record.file] = record.state
            if firsts[record.file] == nil { firsts[record.file] = record.state }
            files[record.state.sequence] = record.file
        case .annotation(let annotation) where annotation.kind == .health:
            guard let file = files[annotation.target], let verdict = annotation.verdict else { return }
            judged[file] = annotation.target
            var judgement = judgements[file] ?? Judgement(isGood: true)
            judgement.isGood = verdict == .good
            if judgement.isGood { judgement.lastGood = annotation.target }
            judgements[file] = judgement
        case .annotation(let annotation) where annotation.kind == .tag:
            if let name = annotation.fields["name"] { tags.insert(name) }
        case .annotation(let annotation) where annotation.kind == .restore:
            guard let entry = RecoveryEntry(annotation, among: names.keys.sorted()) else { return }
            for file in entry.before.keys { restored[file] = entry.result }
        case .annotation, .attributes, .gap, .session, .finding: break
        }
    }

    /// The name, with a number appended if there is such a tag: each database has its own.
    func takeTag(_ name: String) -> String {
        var (free, number) = (name, 1)
        while !tags.insert(free).inserted {
            number += 1
            free = "\(name)-\(number)"
        }
        return free
    }

    /// Whether it was a database that was overwritten by something else.
    func isDatabaseNoMore(_ file: FileID) -> Bool {
        kinds[file] != .database && wereDatabases.contains(file) && states[file]?.shape.byteCount ?? 0 > 0
    }

    /// Names of databases that were damaged when they were deleted.
    var deletedDamaged: [FilePath] {
        judgements.filter { !$0.value.isGood && states[$0.key]?.event == .deleted }
            .compactMap { names[$0.key] }
    }

    /// Databases without a verdict on their latest image, the one that changed last first.
    var unjudged: [(FileID, SnapshotState)] {
        states.filter {
            (kinds[$0.key] == .database || isDatabaseNoMore($0.key)) && $0.value.event != .deleted
                && judged[$0.key] != $0.value.sequence
        }
        .sorted { $0.value.sequence > $1.value.sequence }.map { ($0.key, $0.value) }
    }
}
