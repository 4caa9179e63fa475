import RepositoryFormat

/// The net changes of a segment: all changes of each file combined to one. Collected while its records are
/// written. The final bytes are taken from the images.
struct SegmentDelta {
    /// The net change of one file.
    struct File {
        /// The base that it begins with.
        var base: HeldRecord?
        var change: NetChange
        /// Its last finished snapshot.
        var last: (sequence: SequenceNumber, entry: ChangesFormat.Entry)?
    }

    /// The length of each file before the segment, in bytes.
    private let formerBytes: (FileID) -> UInt64
    private(set) var files: [FileID: File] = [:]
    /// Whether one change of each file is enough for every reader that needs no snapshot before the segment's
    /// end.
    private(set) var coversAll = true
    /// With more pages nothing is collected any more: a segment delta of them would be too long.
    private static let mostPages = 1 << 16
    private var pageCount = 0
    private var next = SequenceNumber.none
    private var id = FileID.root

    init(formerBytes: @escaping (FileID) -> UInt64) { self.formerBytes = formerBytes }

    /// Begins the file with a base.
    mutating func begin(_ header: RecordHeader, base payload: RawSpan) throws(FormatError) {
        guard coversAll else { return }
        let byteCount = try BaseReference(payload).shape.byteCount
        pageCount -= files[header.file]?.change.pageCount ?? 0
        files[header.file] = File(base: HeldRecord(header, payload), change: NetChange(after: byteCount))
    }

    /// Begins a record of changes of the file.
    mutating func begin(_ header: RecordHeader, startsFresh: Bool) {
        guard coversAll else { return }
        id = header.file
        next = header.firstSequence
        if startsFresh {
            pageCount -= files[id]?.change.pageCount ?? 0
            files[id] = File(change: .fresh)
        } else if files[id] == nil {
            files[id] = File(change: NetChange(after: formerBytes(id)))
        }
    }

    /// Adds changed ranges of one of its pages.
    mutating func add(_ number: UInt32, _ ranges: [ByteRange]) {
        guard coversAll else { return }
        let before = files[id]!.change.pageCount
        files[id]!.change.add(number, ranges)
        pageCount += files[id]!.change.pageCount - before
        if pageCount > Self.mostPages { giveUp() }
    }

    mutating func end(_ entry: ChangesFormat.Entry) {
        guard coversAll else { return }
        files[id]!.change.resized(to: entry.shape.byteCount)
        guard entry.event != nil else { return }
        // An earlier snapshot that can still be restored precedes the removed one.
        if entry.scope == .superseded, files[id]!.last != nil { return giveUp() }
        files[id]!.last = (next, entry)
        next = next.next
    }

    /// One change of each file is not enough: nothing is collected any more.
    private mutating func giveUp() { (coversAll, files) = (false, [:]) }
}
