import SystemPackage

/// Which records are kept behind the first loss of a stream, which has records missing, damaged ones, or a
/// base that cannot be used.
///
/// A record is kept if and only if all that it is built on is:
/// 1. Its file was declared in what is kept.
/// 2. Between the file's last loss and the record there is a sound base of the file, or a fresh start; or the
///    record and all of the file since the loss give images with the digests of their snapshots, so that
///    nothing of it was lost.
/// Everything of the stream that is lost is a loss of every file. A base that cannot be used is one of its
/// file alone.
struct RepairFilter {
    private let root: RootDescription
    private let unsoundBases: Set<FilePath>
    private var declared: Set<FileID> = []
    private var broken: Set<FileID> = []
    /// Broken files with a new beginning of which no snapshot has ended yet.
    private var begun: Set<FileID> = []
    /// Files with an unfinished snapshot.
    private var unfinished: Set<FileID> = []
    /// Files with unfinished snapshots of which the rest is not kept.
    private var voided: Set<FileID> = []
    /// Records whose snapshots all have their digests, as far as the file's stream is there.
    private let proven: Set<RecordLocation>
    /// Broken files of which something is not proven: what follows cannot be.
    private var isolated: Set<FileID> = []
    /// Files of which a snapshot is kept: others have nothing that changes without a base could be built on.
    private var based: Set<FileID> = []
    /// Something of the stream was lost.
    private(set) var isLost = false

    init(_ root: RootDescription, unsoundBases: Set<FilePath>, proven: Set<RecordLocation>) {
        self.root = root
        self.proven = proven
        self.unsoundBases = unsoundBases
    }

    /// Whether the root as a whole can be restored as of a snapshot that ends here: nothing is known of files
    /// that were declared in what is lost.
    var isWhole: Bool { !isLost && broken.isEmpty }

    /// Something of the stream is lost here.
    mutating func lose() {
        isLost = true
        broken = declared
        begun.removeAll()
        voided.formUnion(unfinished)
        unfinished.removeAll()
    }

    /// Files whose unfinished snapshots are to be voided before the next record that is kept.
    mutating func takeVoided() -> Set<FileID> {
        defer { voided.removeAll() }
        return voided
    }

    /// `changes`: what the record says if it is one of changes.
    mutating func keeps(
        _ type: RecordType,
        _ header: RecordHeader,
        _ changes: ChangesFormat,
        at location: RecordLocation
    ) -> Bool {
        let file = header.file
        switch type {
        case .pack, .summary, .footer: return false
        case .gap, .annotation, .removed: return true
        case .attributes: return file == .root || declared.contains(file)
        case .session:
            begun.removeAll()
            unfinished.removeAll()
            return true
        case .file:
            // It may have been declared before, in what is lost.
            if declared.insert(file).inserted, isLost { broken.insert(file) }
            return true
        case .void:
            begun.remove(file)
            unfinished.remove(file)
            return declared.contains(file)
        case .base:
            guard declared.contains(file) else { return false }
            begun.remove(file)
            void(file)
            if unsoundBases.contains(root.basePath(header.firstSequence, file)) {
                broken.insert(file)
                return false
            }
            if broken.contains(file) { begun.insert(file) }
            unfinished.insert(file)
            return true
        case .changes: return keeps(changes, of: file, at: location)
        }
    }

    private mutating func keeps(
        _ changes: ChangesFormat,
        of file: FileID,
        at location: RecordLocation
    ) -> Bool {
        guard declared.contains(file) else { return false }
        let startsFresh = changes.entries.first?.startsFresh ?? false
        if broken.contains(file) {
            if startsFresh { begun.insert(file) }
            guard begun.contains(file) else { return isProven(changes, of: file, at: location) }
        }
        if changes.finishedCount > 0 {
            begun.remove(file)
            broken.remove(file)
            isolated.remove(file)
            unfinished.remove(file)
            based.insert(file)
        }
        if changes.entries.last?.event == nil { unfinished.insert(file) }
        return true
    }

    /// For a broken file without a new beginning.
    private mutating func isProven(
        _ changes: ChangesFormat,
        of file: FileID,
        at location: RecordLocation
    ) -> Bool {
        // Parts are proven when their snapshot is; otherwise they are voided.
        let isProven = changes.finishedCount == 0 || proven.contains(location)
        let isContinued = changes.continues == unfinished.contains(file)
        guard isProven, isContinued, based.contains(file), !isolated.contains(file) else {
            isolated.insert(file)
            void(file)
            return false
        }
        if changes.entries.last?.event == nil { unfinished.insert(file) } else { unfinished.remove(file) }
        return true
    }

    private mutating func void(_ file: FileID) {
        if unfinished.remove(file) != nil { voided.insert(file) }
    }
}
