import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
import SystemPackage

/// The files of a root in its repository at one moment, as a reader beside the writer sees them.
///
/// The durable mark is read first, then the names, then the files. So the stream is at least as long as the
/// mark says. A file that is replaced or removed meanwhile throws `RootHasChanged`; the caller begins again.
package struct LocalRoot {
    let root: RootDescription
    /// Content of `root.json`.
    let description: [UInt8]
    let mark: DurableMark?
    let segments: [ShipmentPlan.LocalSegment]
    let bases: Set<BaseID>
    /// The stamps of the sealed segments.
    let stamps: [SequenceNumber: FileStamp]

    /// `known`: the stamps of the sealed segments that the remote has.
    package init(_ root: RootDescription, known: [SequenceNumber: FileStamp]) throws {
        self.root = root
        mark = try root.durableMark()
        let path = root.directory.appending(RootFile.name)
        guard let description = try StoredFile.open(path).content(upTo: 1 << 20) else {
            throw RepositoryError.malformed(path, reason: "it is too long")
        }
        self.description = description
        var files: [LocalSegmentFile] = []
        for first in try root.segments() { files.append(try LocalSegmentFile(root, first, known[first])) }
        stamps = Dictionary(
            uniqueKeysWithValues: files.lazy.filter { $0.isSealed }.map { ($0.first, $0.stamp) }
        )
        segments = Self.durable(files, mark, known)
        bases = Set(
            try root.bases().compactMap { path in path.lastComponent.flatMap(BaseID.init) }
        )
    }

    /// The durable part of each segment. The mark says it of the last one, the header of the next one of all
    /// others. Nothing is known to be durable in segments after the mark's, nor in any without a mark: they
    /// have 0 bytes.
    private static func durable(
        _ files: [LocalSegmentFile],
        _ mark: DurableMark?,
        _ known: [SequenceNumber: FileStamp]
    ) -> [ShipmentPlan.LocalSegment] {
        files.indices.map { index in
            let file = files[index]
            if file.isSealed {
                return ShipmentPlan.LocalSegment(
                    first: file.first,
                    byteCount: file.stamp.sizeBytes,
                    isSealed: true,
                    isKnown: known[file.first] == file.stamp
                )
            }
            let next = index + 1 < files.count ? files[index + 1].previous : nil
            let durable: UInt64 =
                if let mark, file.first < mark.segment {
                    next.flatMap { $0.first == file.first ? $0.validBytes : nil } ?? file.stamp.sizeBytes
                } else {
                    mark?.segment == file.first ? mark!.validBytes : 0
                }
            return ShipmentPlan.LocalSegment(
                first: file.first,
                byteCount: min(durable, file.stamp.sizeBytes),
                isSealed: false,
                isKnown: false
            )
        }
    }
}

extension ShipmentPlan {
    init(_ remote: RemoteState, _ local: LocalRoot, mostBytes: UInt64) {
        self.init(remote, segments: local.segments, bases: local.bases, mostBytes: mostBytes)
    }

    /// Of the files of the root that it ships.
    func byteCount(_ local: LocalRoot) -> UInt64 {
        let appended: UInt64 = appends.reduce(0) { $0.addingSaturated(UInt64($1.range.count)) }
        let sealed = segmentObjects.reduce(appended) {
            $0.addingSaturated(local.stamps[$1]?.sizeBytes ?? 0)
        }
        return baseObjects.reduce(sealed) { sum, base in
            let path = local.root.basePath(base.sequence, base.file)
            return sum.addingSaturated(FileStatus.ifPresent(path)?.sizeBytes ?? 0)
        }
    }
}

/// What tells a file from another one that takes its name. A sealed segment or a base is never written to.
package struct FileStamp: Hashable, Sendable, Codable {
    let inode: UInt64
    let sizeBytes: UInt64
    /// Nanoseconds since 1970.
    let modified: Int64

    init(_ status: FileStatus) {
        inode = status.identity.inode
        sizeBytes = status.sizeBytes
        modified = status.modified
    }
}

/// A file of the root was replaced or removed while it was read: all has to be looked at again.
struct RootHasChanged: Error {}

/// A segment, of which at most the header is read.
private struct LocalSegmentFile {
    let first: SequenceNumber
    let stamp: FileStamp
    let isSealed: Bool
    /// What the header says of the segment before it.
    let previous: (first: SequenceNumber, validBytes: UInt64)?

    /// `known`: the stamp of a sealed one, whose header need not be read again.
    init(_ root: RootDescription, _ first: SequenceNumber, _ known: FileStamp?) throws {
        self.first = first
        let path = root.segmentPath(first)
        if let known, let status = try FileStatus.unlessMissing(path, followingLinks: false),
            FileStamp(status) == known
        {
            (stamp, isSealed, previous) = (known, true, nil)
            return
        }
        let file = try LocalFile.open(path)
        stamp = FileStamp(try file.status())
        let header = try LocalFile.header(file, root.id)
        isSealed = header?.isSealed ?? false
        previous = header.map { ($0.previousFirst, $0.previousValidBytes) }
    }
}

/// Opens a file of the root that a compaction or a removal may take away at any time.
enum LocalFile {
    /// Throws `RootHasChanged` if it is gone.
    static func open(_ path: FilePath) throws -> OpenFile {
        do {
            return try StoredFile.open(path)
        } catch let error as SystemError where error.isAbsent {
            throw RootHasChanged()
        }
    }

    /// The header of a segment; nil if it is damaged. Damage is shipped as it is: it is no worse there.
    static func header(_ file: borrowing OpenFile, _ root: RootID) throws -> SegmentHeader? {
        var bytes = [UInt8](repeating: 0, count: Int(SegmentHeader.byteCount))
        let count = try file.read(into: &bytes, count: bytes.count, at: 0)
        let header = try? unsafe SegmentHeader(bytes.span.bytes.extracting(0..<count))
        return header?.root == root ? header : nil
    }
}
