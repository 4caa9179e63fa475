package import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
package import SystemPackage

/// The subject of a question about the history.
package enum HistoryScope: Hashable, Sendable {
    /// The root as a whole: every snapshot of every file.
    case root
    case file(FileID)
}

/// The snapshots of a root, read once, to select one of them. 24 bytes of memory for each.
package struct SnapshotIndex: Sendable {
    package struct Entry: Hashable, Sendable {
        package let sequence: SequenceNumber
        /// The corrected time.
        package fileprivate(set) var time: Instant
        package let file: FileID
        package let event: SnapshotEvent
        /// Whether the root as a whole can be restored as of it.
        fileprivate(set) var isConsistentPoint: Bool
        /// Whether everything that it builds on is there.
        var isWhole = true
        /// Whether no record is missing up to it, of any file of the root.
        var isRootWhole = true
    }

    /// A declaration of a file, from a place in the history on.
    package struct Declaration: Hashable, Sendable {
        /// The last snapshot before it, of any file.
        let after: SequenceNumber
        /// Relative to the root.
        package let name: FilePath
        package let kind: FileKind
    }

    package let root: RootDescription
    /// Ascending by sequence; times never decrease.
    package private(set) var entries: [Entry] = []
    /// The sequence that each tag was set on last.
    package private(set) var tags: [String: SequenceNumber] = [:]
    /// The times since when the automatic tags among them exist.
    private(set) var automaticTags: [String: Instant] = [:]
    /// Every sequence that each tag was set on, in the order of the stream.
    package private(set) var tagTargets: [String: [SequenceNumber]] = [:]
    /// The sequences with a hold that is not released.
    package private(set) var holds: Set<SequenceNumber> = []
    /// The last verdict on each snapshot that has one: whether it is healthy.
    package private(set) var verdicts: [SequenceNumber: Bool] = [:]
    /// Why those verdicts are about a part only that are.
    package private(set) var unchecked: [SequenceNumber: String] = [:]
    /// All recoveries, oldest first.
    package private(set) var recoveries: [RecoveryEntry] = []
    /// The recoveries that were begun since the last finished one, oldest first.
    private var begunRecoveries: [RecoveryTags] = []
    /// The last recovery that was begun, unless it was finished.
    package var begunRecovery: RecoveryTags? { begunRecoveries.last }
    /// The restore drills, oldest first.
    package private(set) var drills: [DrillRecord] = []
    /// How the clock was set while writers ran, oldest first, and the number of entries before that.
    private(set) var clockSteps: [(place: Int, step: ClockStep)] = []
    /// The number of entries before each automatic tag.
    private var automaticTagPlaces: [String: Int] = [:]
    /// The attributes of files and directories.
    var attributes = AttributesHistory()
    /// The number of attribute records before each tag that was set on the newest snapshot.
    private(set) var tagPlaces: [String: Int] = [:]
    /// The number of entries before the start of each writer.
    private(set) var sessionPlaces: [Int] = []
    /// The number of entries before each gap. A gap follows the first snapshot with its changes.
    private var gapPlaces: [Int] = []
    /// The damage that was found while reading. If there is any, snapshots may be missing.
    package private(set) var damage: [Finding] = []
    /// For each of these, the last snapshot before it.
    private(set) var losses: [SequenceNumber] = []
    private var declarations: [FileID: [Declaration]] = [:]
    private var filesByName: [FilePath: FileID] = [:]

    /// Reads the history beside a writer.
    /// Throws `RepositoryError.unsupported` or `SystemError`; damage is kept in `damage`.
    package init(_ root: RootDescription) throws {
        self = try ReplacedSegmentError.retrying {
            var index = Self(root: root)
            let history = RootHistory(root)
            try history.visitCheckingBases(onStateOfRoot: { index.endState() }) { index.add($0) }
            index.complete()
            return index
        }
    }

    package init(root: RootDescription) {
        self.root = root
    }

    /// Marks the newest snapshots of all files as a state of the root, after which records are lost.
    mutating func endState() {
        if !entries.isEmpty { entries[entries.count - 1].isConsistentPoint = true }
    }

    package mutating func add(_ event: HistoryEvent) {
        switch event {
        case .file(let id, let name, let kind):
            let last = entries.last?.sequence ?? .none
            declarations[id, default: []].append(Declaration(after: last, name: name, kind: kind))
            filesByName[name] = id
        case .snapshot(let record):
            let state = record.state
            entries.append(
                Entry(
                    sequence: state.sequence,
                    time: state.time,
                    file: record.file,
                    event: state.event,
                    isConsistentPoint: record.isConsistentPoint,
                    isWhole: record.isWhole,
                    isRootWhole: record.isRootWhole
                )
            )
        case .annotation(let annotation): add(annotation)
        case .attributes(let record): attributes.add(record)
        case .finding(let finding) where finding.severity == .error && finding.file != root.durableMarkPath:
            // The mark only records the stream's durable end, and may be missing.
            damage.append(finding)
            losses.append(entries.last?.sequence ?? .none)
        case .session: sessionPlaces.append(entries.count)
        case .gap: gapPlaces.append(entries.count)
        case .finding: break
        }
    }

    /// Sets a snapshot as healthy, and no newer one. `reason`: why not all of it could be checked.
    package mutating func judge(_ newestGood: SequenceNumber, unchecked reason: String?) {
        for (sequence, isGood) in verdicts where isGood && sequence > newestGood { verdicts[sequence] = nil }
        verdicts[newestGood] = true
        unchecked[newestGood] = reason
    }

    /// Completes the index after the whole history was added.
    mutating func complete() {
        correctTimes()
        dropLostTags()
    }

    private mutating func correctTimes() {
        guard let times = ClockCorrection.correct(entries.lazy.map(\.time), steps: clockSteps) else { return }
        for place in entries.indices { entries[place].time = times[place] }
        for (name, place) in automaticTagPlaces where place < entries.count {
            automaticTags[name] = automaticTags[name].map { min($0, entries[place].time) }
        }
    }

    /// Drops expired tags whose snapshots retention has removed. The record of the removal may be in a
    /// segment that was not rewritten. The tags must not lead to older snapshots.
    private mutating func dropLostTags() {
        for name in automaticTags.keys {
            let target = tags[name]
            let place = target.flatMap { entries.lastIndex(atOrBefore: $0) }
            if let place, entries[place].sequence == target { continue }
            (tags[name], automaticTags[name], tagTargets[name]) = (nil, nil, nil)
        }
    }

    private mutating func add(_ annotation: Annotation) {
        switch (annotation.kind, annotation.fields["name"]) {
        case (.tag, let name?):
            automaticTags[name] = annotation.isAutomaticTag ? annotation.time : nil
            automaticTagPlaces[name] = annotation.isAutomaticTag ? entries.count : nil
            guard annotation.target != .none else {
                (tags[name], tagTargets[name]) = (nil, nil)
                // An earlier one that did not end counts again.
                begunRecoveries.removeAll { $0.before == name }
                break
            }
            tags[name] = annotation.target
            tagPlaces[name] = annotation.target == entries.last?.sequence ? attributes.count : nil
            tagTargets[name, default: []].append(annotation.target)
            if let tags = RecoveryTags(before: name), !begunRecoveries.contains(tags) {
                begunRecoveries.append(tags)
            }
            if begunRecoveries.contains(where: { $0.after == name }) { begunRecoveries = [] }
        case (.hold, _): holds.insert(annotation.target)
        case (.release, _): holds.remove(annotation.target)
        case (.health, _):
            guard let verdict = annotation.verdict else { break }
            verdicts[annotation.target] = verdict == .good
            unchecked[annotation.target] = annotation.fields["unchecked"]
        case (.drill, _):
            if let drill = DrillRecord(annotation) { drills.append(drill) }
        case (.clock, _):
            if let step = annotation.clockStep { clockSteps.append((entries.count, step)) }
        case (.restore, _):
            let files = declarations.keys.sorted()
            if let recovery = RecoveryEntry(annotation, among: files) { recoveries.append(recovery) }
        default: break
        }
    }
}

extension SnapshotIndex {
    /// Whether a writer ran without interruption from a snapshot to a later one, recorded no gap, and no
    /// snapshot between them was removed or lost.
    package func wasWatched(from first: SequenceNumber, to last: SequenceNumber) -> Bool {
        guard let start = entries.lastIndex(atOrBefore: first), let end = entries.lastIndex(atOrBefore: last),
            start <= end
        else { return false }
        // fits: sequences increase, by one if none is missing
        let distance = entries[end].sequence.rawValue - entries[start].sequence.rawValue
        return distance == UInt64(end - start)
            && !sessionPlaces.contains { $0 > start && $0 <= end }
            && !gapPlaces.contains { $0 > start + 1 && $0 <= end + 1 }
    }
}

// Files.
extension SnapshotIndex {
    /// The scope for a name within the root, nil meaning the root itself; nil if no such file was ever
    /// declared.
    package func scope(of name: FilePath?) -> HistoryScope? {
        guard let name else { return .root }
        return filesByName[name].map { .file($0) }
    }

    /// Whether any file was ever in that directory, which is relative to the root.
    package func hasFiles(below directory: FilePath) -> Bool {
        filesByName.keys.contains { $0 != directory && $0.starts(with: directory) }
    }

    /// Every file that was ever in that directory, which is relative to the root.
    func files(below directory: FilePath) -> Set<FileID> {
        Set(declarations.filter { $0.value.contains { $0.name.starts(with: directory) } }.keys)
    }

    /// The file's declaration at a snapshot of it.
    package func declaration(of file: FileID, at sequence: SequenceNumber) -> Declaration? {
        declarations[file].flatMap { all in all.last { $0.after < sequence } ?? all.first }
    }

    /// Ascending. They may have another kind by now, or be deleted.
    package var filesThatWereDatabases: [FileID] {
        declarations.filter { $0.value.contains { $0.kind == .database } }.keys.sorted()
    }

    /// The absolute path of a file, written as the root's path.
    package func path(of file: FileID, at sequence: SequenceNumber) -> FilePath {
        declaration(of: file, at: sequence).map { root.path(of: $0.name) } ?? root.path
    }
}
