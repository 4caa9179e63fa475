import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// What a new writer reads of the stream.
struct OpenedStream {
    let tracker: HistoryTracker
    /// Nil when there is no segment.
    let end: StreamEnd?
    let notes: [Finding]
    let attributes: KnownAttributes

    /// Reads the stream. Pages that a former writer left in memory, and that cannot be synchronised, are
    /// written again.
    init(_ root: RootDescription) throws {
        do {
            try self.init(reading: root)
        } catch let error as SystemError where error.operation == .synchronise {
            guard let path = error.path, let last = try root.segments().last, root.segmentPath(last) == path
            else { throw error }
            let byteCount = try FileStatus.of(path).sizeBytes
            _ = try SegmentSuccession.rewrite(last, root, validBytes: byteCount)
            try self.init(reading: root)
        }
    }

    private init(reading root: RootDescription) throws {
        var (notes, attributes) = ([Finding](), KnownAttributes())
        (tracker, end) = try RootHistory(root).scan { event in
            switch event {
            case .finding(let finding): notes.append(finding)
            case .attributes(let record): attributes.add(record)
            default: break
            }
        }
        (self.notes, self.attributes) = (notes, attributes)
    }
}
