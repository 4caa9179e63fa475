internal import FoundationEssentials
package import LinuxSystem
import SQLiteFiles
package import SystemPackage

/// The payload of a session record: the program that began to write, as text.
package enum SessionFormat {
    package static func decode(_ payload: RawSpan) throws(FormatError) -> String { try payload.text(from: 0) }
}

/// The payload of a file record: kind, then the name relative to the root, in bytes as Linux has them.
package enum FileFormat {
    package static func decode(_ payload: RawSpan) throws(FormatError) -> (kind: FileKind, name: FilePath) {
        guard payload.byteCount > 1 else { throw .malformed(at: 0, "a file without a name") }
        guard let kind = FileKind(rawValue: payload.byte(at: 0)) else {
            throw .unsupported("file kind \(payload.byte(at: 0))")
        }
        guard let name = FilePath(bytes: payload.bytes(1..<payload.byteCount)),
            name.isRelative, !name.isEmpty,
            name.staysBelow(refusingDots: false)
        else { throw .malformed(at: 1, "a name that does not stay within the root") }
        return (kind, name)
    }

    package static func encode(_ kind: FileKind, _ name: FilePath, into bytes: inout [UInt8]) {
        bytes.append(kind.rawValue)
        bytes.append(contentsOf: name.bytes)
    }
}

/// The payload of a footer: the number of records in the blocks before it, and the segments that this one
/// replaces.
package struct FooterFormat {
    package static let byteCount = 16

    let recordCount: UInt64
    /// The first sequence of the last segment that this one replaces; its own when it replaces no other.
    package let lastReplaced: SequenceNumber

    package init(recordCount: UInt64, lastReplaced: SequenceNumber) {
        self.recordCount = recordCount
        self.lastReplaced = lastReplaced
    }

    package init(_ payload: RawSpan) throws(FormatError) {
        guard payload.byteCount == Self.byteCount else {
            throw .malformed(at: 0, "a footer of another length")
        }
        recordCount = payload.littleEndianUInt64(at: 0)
        lastReplaced = SequenceNumber(payload.littleEndianUInt64(at: 8))
        guard lastReplaced <= .last else {
            throw .malformed(at: 8, "a sequence above \(SequenceNumber.last)")
        }
    }

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(recordCount)
        bytes.append(lastReplaced.rawValue)
    }
}

/// The payload of a base record: the content that the base file must have.
package struct BaseReference: Hashable {
    static let byteCount = 28

    package let shape: ImageSize
    /// The digest of the base's image.
    package let digest: UInt64
    /// XXH64 of the base's index, which covers every chunk.
    package let indexChecksum: UInt64

    package init(shape: ImageSize, digest: UInt64, indexChecksum: UInt64) {
        self.shape = shape
        self.digest = digest
        self.indexChecksum = indexChecksum
    }

    package init(_ payload: RawSpan) throws(FormatError) {
        guard payload.byteCount == Self.byteCount else {
            throw .malformed(at: 0, "a base record of another length")
        }
        guard let pageSize = PageSize(bytes: Int(payload.littleEndianUInt32(at: 0))),
            let shape = ImageSize(pageSize: pageSize, byteCount: payload.littleEndianUInt64(at: 4))
        else { throw .malformed(at: 0, "a base of impossible shape") }
        self.shape = shape
        digest = payload.littleEndianUInt64(at: 12)
        indexChecksum = payload.littleEndianUInt64(at: 20)
    }

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(UInt32(shape.pageSize.bytes))
        bytes.append(shape.byteCount)
        bytes.append(digest)
        bytes.append(indexChecksum)
    }
}

extension Gap {
    package init(_ payload: RawSpan, file: FileID) throws(FormatError) {
        guard payload.byteCount >= 16 else { throw .malformed(at: 0, "a gap without its times") }
        self.init(
            from: payload.instant(at: 0),
            to: payload.instant(at: 8),
            reason: try payload.text(from: 16),
            file: file
        )
    }

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(from.nanoseconds)
        bytes.append(to.nanoseconds)
        bytes.append(contentsOf: reason.utf8)
    }
}

extension Annotation {
    /// Kind, target sequence, then a JSON object of strings.
    package init(_ payload: RawSpan, file: FileID, time: Instant) throws(FormatError) {
        guard payload.byteCount >= 9 else { throw .malformed(at: 0, "an annotation that is cut off") }
        guard let kind = Kind(rawValue: payload.byte(at: 0)) else {
            throw .unsupported("annotation kind \(payload.byte(at: 0))")
        }
        let text = try payload.text(from: 9)
        guard let fields = try? JSONDecoder().decode([String: String].self, from: Data(text.utf8)) else {
            throw .malformed(at: 9, "not a JSON object of strings")
        }
        self.init(
            kind,
            target: SequenceNumber(payload.littleEndianUInt64(at: 1)),
            fields: fields,
            time: time,
            file: file
        )
    }

    package func encode(into bytes: inout [UInt8]) throws {
        bytes.append(kind.rawValue)
        bytes.append(target.rawValue)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        bytes.append(contentsOf: try encoder.encode(fields))
    }
}
