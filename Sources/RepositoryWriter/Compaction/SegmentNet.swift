import RepositoryFormat

/// What a segment comes to: of each file all its changes together, as one. Collected while its records are
/// written; what is there in the end, the images tell.
struct SegmentNet {
    /// Of one file.
    struct File {
        /// The base that it begins with.
        var base: (header: RecordHeader, payload: [UInt8])?
        var net: NetChange
        /// Its last finished snapshot.
        var last: (sequence: SequenceNumber, entry: ChangesFormat.Entry)?
    }

    /// How long each file was before the segment, in bytes.
    private let formerBytes: (FileID) -> UInt64
    private(set) var files: [FileID: File] = [:]
    /// Whether one change of each file tells all that somebody may ask for who wants nothing before the
    /// segment's end.
    private(set) var tellsAll = true {
        didSet { if !tellsAll { files = [:] } }
    }
    /// With more pages nothing is collected any more: a summary of them would be too long in any case.
    private static let mostPages = 1 << 16
    private var pageCount = 0
    private var next = SequenceNumber.none
    private var id = FileID.root

    init(formerBytes: @escaping (FileID) -> UInt64) { self.formerBytes = formerBytes }

    /// Begins the file with a base.
    mutating func begin(_ header: RecordHeader, base payload: RawSpan) throws(FormatError) {
        guard tellsAll else { return }
        let byteCount = try BaseReference(payload).shape.byteCount
        var bytes: [UInt8] = []
        bytes.append(contentsOf: payload)
        pageCount -= files[header.file]?.net.pageCount ?? 0
        files[header.file] = File(base: (header, bytes), net: NetChange(after: byteCount))
    }

    /// A record of changes of the file.
    mutating func begin(_ header: RecordHeader, startsFresh: Bool) {
        guard tellsAll else { return }
        id = header.file
        next = header.firstSequence
        if startsFresh {
            pageCount -= files[id]?.net.pageCount ?? 0
            files[id] = File(net: .fresh)
        } else if files[id] == nil {
            files[id] = File(net: NetChange(after: formerBytes(id)))
        }
    }

    /// A page of it has changed there.
    mutating func add(_ number: UInt32, _ ranges: [ByteRange]) {
        guard tellsAll else { return }
        let before = files[id]!.net.pageCount
        files[id]!.net.add(number, ranges)
        pageCount += files[id]!.net.pageCount - before
        if pageCount > Self.mostPages { tellsAll = false }
    }

    mutating func end(_ entry: ChangesFormat.Entry) {
        guard tellsAll else { return }
        files[id]!.net.resized(to: entry.shape.byteCount)
        guard entry.event != nil else { return }
        // Before one that is no snapshot any more stands one that may be asked for.
        if entry.standing == .removed, files[id]!.last != nil {
            tellsAll = false
            return
        }
        files[id]!.last = (next, entry)
        next = next.next
    }
}
