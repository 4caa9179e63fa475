import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Decides which records are kept after the first loss of a stream. A loss is missing records, damaged ones,
/// or a base that cannot be used.
///
/// A record is kept if and only if:
/// 1. The declaration of its file is kept.
/// 2. One of these is true:
///    a. Between the file's last loss and the record there is a healthy base of the file, or a fresh start.
///    b. The record and all others of the file since the loss give images with the digests of their
/// snapshots. Nothing of the file was lost then.
///
/// A loss of part of the stream is a loss of every file. A base that cannot be used is a loss of its file
/// only.
struct RepairFilter {
    private let root: RootDescription
    private let damagedBases: Set<FilePath>
    private var declared: Set<FileID> = []
    private var broken: Set<FileID> = []
    /// Broken files with a new base or fresh start, of which no snapshot has ended yet.
    private var begun: Set<FileID> = []
    /// Files with an unfinished snapshot.
    private var unfinished: Set<FileID> = []
    /// Files with unfinished snapshots that are not kept as a whole.
    private var voided: Set<FileID> = []
    /// Files with an unfinished snapshot whose end is lost. Proofs of what follows count its parts, which are
    /// void after a session or void record.
    private var endless: Set<FileID> = []
    /// The number of snapshots of a record with matching digests, as far as the file's stream is there.
    private let proven: [RecordLocation: Int]
    /// Broken files with an unproven record: the following ones cannot be proven.
    private var isolated: Set<FileID> = []
    /// Files with a kept snapshot. In others, changes without a base have nothing to build on.
    private var based: Set<FileID> = []
    /// Files that were declared, not broken, and without an unfinished snapshot at the start of the segment.
    private var wholeBefore: Set<FileID> = []
    /// The last kept snapshot of each file.
    private var lastKept: [FileID: SequenceNumber] = [:]
    private var hasDropped = false
    /// The last snapshot before any loss or dropped record, and the kept ones after it.
    private var lastBefore = SequenceNumber.none
    private var keptBehind: Set<SequenceNumber> = []
    /// Part of the stream was lost.
    private(set) var isLost = false

    init(_ root: RootDescription, damagedBases: Set<FilePath>, proven: [RecordLocation: Int]) {
        self.root = root
        self.proven = proven
        self.damagedBases = damagedBases
    }

    /// Whether the root as a whole can be restored as of a snapshot that ends here. Files with a lost
    /// declaration are unknown, so after a loss it cannot.
    var isWhole: Bool { !isLost && broken.isEmpty }

    /// Part of the stream is lost here.
    mutating func lose() {
        (isLost, hasDropped) = (true, true)
        broken = declared
        begun.removeAll()
    }

    /// Changes of the file are lost here, perhaps with the end of a snapshot. Its next records are kept if
    /// their digests match without them.
    mutating func loseChanges(of file: FileID, withEnd: Bool) {
        hasDropped = true
        broken.insert(file)
        begun.remove(file)
        if withEnd, unfinished.contains(file) { endless.insert(file) }
    }

    mutating func beginSegment() { wholeBefore = declared.subtracting(broken).subtracting(unfinished) }

    /// Whether a segment delta's record of a file replaces its lost ones. Then the segment delta's records
    /// are kept.
    mutating func mend(_ file: RepairDeltas.File) -> Bool {
        guard lastKept[file.id] != file.sequence, declared.contains(file.id),
            file.beginsAnew || wholeBefore.contains(file.id)
        else { return false }
        void(file.id)
        unbreak(file.id)
        return true
    }

    /// Called at the end of a segment with a loss. A file is not broken if its last snapshot in the segment
    /// is kept, or if the segment did not change it.
    mutating func endSegment(_ deltas: RepairDeltas) {
        var changed: Set<FileID> = []
        for file in deltas.files {
            changed.insert(file.id)
            if lastKept[file.id] == file.sequence, !unfinished.contains(file.id) { unbreak(file.id) }
        }
        guard deltas.isComplete else { return }
        for file in wholeBefore.subtracting(changed).subtracting(unfinished) { unbreak(file) }
    }

    private mutating func unbreak(_ file: FileID) {
        broken.remove(file)
        isolated.remove(file)
        begun.remove(file)
    }

    /// Whether an annotation of that snapshot is kept. If the snapshot is not kept, the annotation would be
    /// about another one.
    func keepsAnnotation(of target: SequenceNumber) -> Bool {
        target <= lastBefore || keptBehind.contains(target)
    }

    /// Files whose unfinished snapshots must be voided before the next kept record.
    mutating func takeVoided() -> Set<FileID> {
        defer { voided.removeAll() }
        return voided
    }

    /// `changes`: the decoded record, if it is one of changes.
    mutating func keeps(
        _ type: RecordType,
        _ header: RecordHeader,
        _ changes: ChangesFormat,
        at location: RecordLocation
    ) -> Bool {
        let file = header.file
        let last = type == .changes ? changes.lastSequence(header) : nil
        // Beyond it there would be no numbers for new snapshots.
        guard last ?? header.firstSequence <= .lastToBuildOn else { return false }
        switch type {
        case .block, .segmentDelta, .footer: return false
        case .gap, .annotation, .removed: return true
        case .attributes: return file == .root || declared.contains(file)
        case .session:
            begun.removeAll()
            unfinished.removeAll()
            isolated.formUnion(endless)
            endless.removeAll()
            return true
        case .file:
            // A lost record may have declared it before.
            if declared.insert(file).inserted, isLost { broken.insert(file) }
            return true
        case .void:
            begun.remove(file)
            endUnfinished(file)
            return declared.contains(file)
        case .base:
            guard declared.contains(file) else { return false }
            begun.remove(file)
            void(file)
            if damagedBases.contains(root.basePath(header.firstSequence, file)) {
                broken.insert(file)
                hasDropped = true
                return false
            }
            if broken.contains(file) { begun.insert(file) }
            unfinished.insert(file)
            return true
        case .changes: return keepsChanges(changes, header, at: location)
        }
    }

    private mutating func keepsChanges(
        _ changes: ChangesFormat,
        _ header: RecordHeader,
        at location: RecordLocation
    ) -> Bool {
        let file = header.file
        guard declared.contains(file) else { return false }
        let startsFresh = changes.entries.first?.startsFresh ?? false
        if startsFresh, broken.contains(file) { begun.insert(file) }
        let isBroken = broken.contains(file) && !begun.contains(file)
        let isContinued = startsFresh || changes.continues == hasParts(of: file)
        guard isBroken ? isProven(changes, of: file, at: location) : isContinued else {
            broken.insert(file)
            begun.remove(file)
            isolated.insert(file)
            void(file)
            hasDropped = true
            return false
        }
        if let last = changes.lastSequence(header) {
            unfinished.remove(file)
            endless.remove(file)
            if !isBroken { unbreak(file) }
            based.insert(file)
            lastKept[file] = last
            note(header.firstSequence, last)
        }
        if changes.entries.last?.event == nil { unfinished.insert(file) }
        return true
    }

    private mutating func note(_ first: SequenceNumber, _ last: SequenceNumber) {
        guard hasDropped else {
            lastBefore = last
            return
        }
        for number in first.rawValue...last.rawValue { keptBehind.insert(SequenceNumber(number)) }
    }

    /// For a broken file without a new base or fresh start. Parts are proven when their snapshot is;
    /// otherwise they are voided.
    private func isProven(_ changes: ChangesFormat, of file: FileID, at location: RecordLocation) -> Bool {
        !isolated.contains(file) && (based.contains(file) || unfinished.contains(file))
            && proven[location, default: 0] >= changes.finishedCount
    }

    /// Whether parts of an unfinished snapshot are kept: the next record continues them.
    func hasParts(of file: FileID) -> Bool { unfinished.contains(file) }

    private mutating func void(_ file: FileID) {
        if endUnfinished(file) { voided.insert(file) }
    }

    /// Returns false if nothing was unfinished.
    @discardableResult
    private mutating func endUnfinished(_ file: FileID) -> Bool {
        if endless.remove(file) != nil { isolated.insert(file) }
        return unfinished.remove(file) != nil
    }
}
