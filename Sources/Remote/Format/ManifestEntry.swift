package import RepositoryFormat
import SystemPackage

/// One change of a remote's state (docs/OFFSITE.md, "Manifest"). A batch has the changes since the one before
/// it, an index all that make up the state.
package enum ManifestEntry: Hashable, Sendable {
    /// The root's description, as `root.json` has it.
    case description([UInt8])
    /// The segment goes on with bytes that the batch itself has, each entry's after those of the one before.
    case append(segment: SequenceNumber, offset: UInt64, count: UInt64)
    /// The segment is the content of an object.
    case segment(SequenceNumber, DataObject)
    case segmentRemoved(SequenceNumber)
    /// The base file is the content of an object.
    case base(BaseID, DataObject)
    case baseRemoved(BaseID)
    /// The durable mark: all that it names is there.
    case mark([UInt8])
    /// Everything before it is void: another writer has taken over.
    case reset
    /// In an index: the segment goes on with bytes of a batch.
    case piece(segment: SequenceNumber, SegmentPiece)
}

/// An object with the content of a whole file.
package struct DataObject: Hashable, Sendable {
    package let name: ObjectName
    /// The size of the file, in bytes. A sealed object is larger.
    package let sizeBytes: UInt64
    /// SHA-256 of the file.
    package let digest: ObjectDigest

    package init(name: ObjectName, sizeBytes: UInt64, digest: ObjectDigest) {
        (self.name, self.sizeBytes, self.digest) = (name, sizeBytes, digest)
    }
}

/// Bytes of a segment that a batch has.
package struct SegmentPiece: Hashable, Sendable {
    package let batch: BatchID
    /// The offset of the piece in the segment, in bytes.
    package let offset: UInt64
    /// The offset of the piece in the batch's data, in bytes.
    package let dataOffset: UInt64
    package let count: UInt64
}

/// A base file of a root.
package struct BaseID: Hashable, Comparable, Sendable {
    package let sequence: SequenceNumber
    package let file: FileID

    package init(_ sequence: SequenceNumber, _ file: FileID) {
        (self.sequence, self.file) = (sequence, file)
    }

    /// The base whose file has that name; nil for any other name.
    init?(_ name: FilePath.Component) {
        let parts = name.stem.split(separator: "-")
        guard BaseName.isOwn(name), let sequence = UInt64(parts[0]), let file = UInt32(parts[1]) else {
            return nil
        }
        self.init(SequenceNumber(sequence), FileID(file))
    }

    package static func < (one: BaseID, other: BaseID) -> Bool {
        (one.sequence, one.file) < (other.sequence, other.file)
    }
}

// Bytes
extension ManifestEntry {
    private enum Kind {
        static let description: UInt8 = 1
        static let append: UInt8 = 2
        static let segment: UInt8 = 3
        static let segmentRemoved: UInt8 = 4
        static let base: UInt8 = 5
        static let baseRemoved: UInt8 = 6
        static let mark: UInt8 = 7
        static let piece: UInt8 = 8
        static let reset: UInt8 = 9
    }

    func append(to bytes: inout [UInt8]) {
        switch self {
        case .description(let content):
            bytes.append(Kind.description)
            bytes.append(counted: content)
        case .append(let segment, let offset, let count):
            bytes.append(Kind.append)
            bytes.append(littleEndian: segment.rawValue)
            bytes.append(littleEndian: offset)
            bytes.append(littleEndian: count)
        case .segment(let segment, let object):
            bytes.append(Kind.segment)
            bytes.append(littleEndian: segment.rawValue)
            bytes.append(object)
        case .segmentRemoved(let segment):
            bytes.append(Kind.segmentRemoved)
            bytes.append(littleEndian: segment.rawValue)
        case .base(let base, let object):
            bytes.append(Kind.base)
            bytes.append(base)
            bytes.append(object)
        case .baseRemoved(let base):
            bytes.append(Kind.baseRemoved)
            bytes.append(base)
        case .reset: bytes.append(Kind.reset)
        case .mark(let content):
            bytes.append(Kind.mark)
            bytes.append(counted: content)
        case .piece(let segment, let piece):
            bytes.append(Kind.piece)
            bytes.append(littleEndian: segment.rawValue)
            bytes.append(littleEndian: piece.offset)
            bytes.append(littleEndian: piece.count)
            bytes.append(littleEndian: piece.batch.number.value)
            bytes.append(littleEndian: piece.batch.session ?? 0)
            bytes.append(littleEndian: piece.dataOffset)
        }
    }

    init(_ fields: inout FieldReader) throws(RemoteError) {
        switch try fields.byte() {
        case Kind.description: self = .description(try fields.counted())
        case Kind.append:
            let segment = try fields.sequence()
            self = .append(
                segment: segment,
                offset: try fields.number(),
                count: try fields.number()
            )
        case Kind.segment: self = .segment(try fields.sequence(), try fields.dataObject())
        case Kind.segmentRemoved: self = .segmentRemoved(try fields.sequence())
        case Kind.base: self = .base(try fields.baseID(), try fields.dataObject())
        case Kind.baseRemoved: self = .baseRemoved(try fields.baseID())
        case Kind.reset: self = .reset
        case Kind.mark: self = .mark(try fields.counted())
        case Kind.piece:
            let segment = try fields.sequence()
            self = .piece(segment: segment, try fields.piece())
        default: throw fields.damaged("it has an entry that this version does not know")
        }
    }
}

extension FieldReader {
    mutating func sequence() throws(RemoteError) -> SequenceNumber {
        let sequence = SequenceNumber(try number())
        guard sequence <= .last else { throw damaged("a sequence above \(SequenceNumber.last)") }
        return sequence
    }

    /// 0 stands for no batch.
    mutating func batchNumber() throws(RemoteError) -> BatchNumber {
        let batch = BatchNumber(try number())
        guard batch <= .last else { throw damaged("a batch above \(BatchNumber.last)") }
        return batch
    }

    fileprivate mutating func baseID() throws(RemoteError) -> BaseID {
        let sequence = try sequence()
        let file = FileID(try number())
        guard file <= .last else { throw damaged("a file above \(FileID.last)") }
        return BaseID(sequence, file)
    }

    fileprivate mutating func dataObject() throws(RemoteError) -> DataObject {
        guard let name = ObjectName(String(decoding: try counted(), as: UTF8.self)) else {
            throw damaged("it names an impossible object")
        }
        return DataObject(name: name, sizeBytes: try number(), digest: try digest())
    }

    fileprivate mutating func piece() throws(RemoteError) -> SegmentPiece {
        let offset = try number(UInt64.self)
        let count = try number(UInt64.self)
        let batch = try batchNumber()
        let session = try number(UInt64.self)
        return SegmentPiece(
            batch: BatchID(batch, session: session == 0 ? nil : session),
            offset: offset,
            dataOffset: try number(),
            count: count
        )
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ base: BaseID) {
        append(littleEndian: base.sequence.rawValue)
        append(littleEndian: base.file.rawValue)
    }

    fileprivate mutating func append(_ object: DataObject) {
        append(counted: object.name.text.utf8)
        append(littleEndian: object.sizeBytes)
        append(object.digest)
    }
}
