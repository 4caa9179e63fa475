import LinuxFiles
import SQLiteFiles

/// What a segment comes to: of each file all its changes together, as one. Collected while its records are written; what
/// is there in the end, the images tell.
struct SegmentNet {
    /// Of one file.
    struct File {
        /// The base that it begins with.
        var base: (header: RecordHeader, payload: [UInt8])?
        var net: NetChange
        /// Its last finished snapshot.
        var last: (sequence: Sequence, entry: ChangesFormat.Entry)?
    }

    /// How long each file was before the segment, in bytes.
    private let formerBytes: (FileID) -> UInt64
    private(set) var files: [FileID: File] = [:]
    /// Whether one change of each file tells all that somebody may ask for who wants nothing before the segment's end.
    private(set) var tellsAll = true
    private var next = Sequence.none
    private var id = FileID.root

    init(formerBytes: @escaping (FileID) -> UInt64) { self.formerBytes = formerBytes }

    /// Begins the file with a base.
    mutating func begin(_ header: RecordHeader, base payload: RawSpan) throws(FormatError) {
        let byteCount = try BaseReference(payload).shape.byteCount
        var bytes: [UInt8] = []
        bytes.append(contentsOf: payload)
        files[header.file] = File(base: (header, bytes), net: NetChange(after: byteCount))
    }

    /// A record of changes of the file.
    mutating func begin(_ header: RecordHeader, startsFresh: Bool) {
        id = header.file
        next = header.firstSequence
        if startsFresh {
            files[id] = File(net: .fresh)
        } else if files[id] == nil {
            files[id] = File(net: NetChange(after: formerBytes(id)))
        }
    }

    /// A page of it has changed there.
    mutating func add(_ number: UInt32, _ ranges: [ByteRange]) {
        files[id]!.net.add(number, ranges)
    }

    mutating func end(_ entry: ChangesFormat.Entry) {
        files[id]!.net.resized(to: entry.shape.byteCount)
        guard entry.event != nil else { return }
        // Before one that is no snapshot any more stands one that may be asked for.
        if entry.standing == .removed, files[id]!.last != nil { tellsAll = false }
        files[id]!.last = (next, entry)
        next = next.next
    }
}
