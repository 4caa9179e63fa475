package import LinuxSystem
import SQLiteFiles
package import SystemPackage

/// The attributes of a file or a directory of a root, from a snapshot on (docs/FORMAT.md, "Attributes").
package struct AttributesRecord: Hashable, Sendable {
    package enum Subject: Hashable, Sendable {
        case file(FileID)
        /// By its name relative to the root; that of the root itself is empty.
        case directory(FilePath)
    }

    package let subject: Subject
    /// Nil: the directory was removed.
    package let attributes: FileAttributes?
    /// They apply to this snapshot and later ones.
    package let sequence: SequenceNumber
    package let time: Instant

    package init(
        _ subject: Subject,
        _ attributes: FileAttributes?,
        from sequence: SequenceNumber,
        time: Instant
    ) {
        self.subject = subject
        self.attributes = attributes
        self.sequence = sequence
        self.time = time
    }

    /// The file's number; 0 for a directory.
    package var file: FileID {
        if case .file(let file) = subject { file } else { .root }
    }
}

/// The payload of an attributes record.
enum AttributesFormat {
    static let headerBytes = 24

    enum Offset {
        static let kind = 0
        static let flags = 1
        static let nameBytes = 2
        static let permissions = 4
        static let userID = 8
        static let groupID = 12
        static let modified = 16
    }

    enum Kind: UInt8 {
        case file = 1
        case directory = 2
        /// A directory that no longer exists.
        case gone = 3
    }

    enum Flag {
        static let hasTime: UInt8 = 0x01
        /// There were too many extended attributes to be kept.
        static let lacksExtended: UInt8 = 0x02
        static let known: UInt8 = hasTime | lacksExtended
    }
}

extension AttributesRecord {
    package init(_ payload: RawSpan, _ header: RecordHeader) throws(FormatError) {
        guard payload.byteCount >= AttributesFormat.headerBytes else {
            throw .malformed(at: 0, "attributes that are cut off")
        }
        let (code, flags) = (
            payload.byte(at: AttributesFormat.Offset.kind), payload.byte(at: AttributesFormat.Offset.flags)
        )
        guard let kind = AttributesFormat.Kind(rawValue: code), flags & ~AttributesFormat.Flag.known == 0
        else { throw .unsupported("attributes of kind \(code), flags \(flags)") }
        var offset = AttributesFormat.headerBytes
        let name = try Self.name(payload, at: &offset)
        guard (kind == .file) == (header.file != .root), kind != .file || name.isEmpty else {
            throw .malformed(at: 0, "attributes of a file with a name, or of a directory with a number")
        }
        let attributes = try FileAttributes(payload, at: &offset, flags)
        self.init(
            kind == .file ? .file(header.file) : .directory(name),
            kind == .gone ? nil : attributes,
            from: header.firstSequence,
            time: header.time
        )
    }

    private static func name(_ payload: RawSpan, at offset: inout Int) throws(FormatError) -> FilePath {
        let count = Int(payload.littleEndianUInt16(at: AttributesFormat.Offset.nameBytes))
        let start = try payload.take(count, at: &offset)
        guard let name = FilePath(bytes: payload.bytes(start..<start + count)), name.isRelative,
            name.staysBelow(refusingDots: true)
        else { throw .malformed(at: start, "a name that does not stay within the root") }
        return name
    }

    package func encode(into bytes: inout [UInt8]) {
        var (kind, name) = (AttributesFormat.Kind.file, [UInt8]())
        if case .directory(let path) = subject {
            kind = attributes == nil ? .gone : .directory
            name = path.bytes
        }
        var flags: UInt8 = 0
        if attributes?.modified != nil { flags |= AttributesFormat.Flag.hasTime }
        if attributes?.lacksExtended ?? false { flags |= AttributesFormat.Flag.lacksExtended }
        bytes.append(kind.rawValue)
        bytes.append(flags)
        bytes.append(UInt16(name.count))
        bytes.append(attributes?.ownership.permissions ?? 0)
        bytes.append(attributes?.ownership.userID ?? 0)
        bytes.append(attributes?.ownership.groupID ?? 0)
        bytes.append(attributes?.modified ?? 0)
        bytes.append(contentsOf: name)
        for attribute in attributes?.extended ?? [] {
            bytes.append(UInt8(attribute.name.count))
            bytes.append(varint: UInt64(attribute.value.count))
            bytes.append(contentsOf: attribute.name)
            bytes.append(contentsOf: attribute.value)
        }
    }
}

extension FileAttributes {
    /// The attributes in a payload. The extended ones are at `offset` and continue to its end.
    fileprivate init(_ payload: RawSpan, at offset: inout Int, _ flags: UInt8) throws(FormatError) {
        let permissions = payload.littleEndianUInt32(at: AttributesFormat.Offset.permissions)
        guard permissions <= 0o7777 else {
            throw .malformed(at: AttributesFormat.Offset.permissions, "a mode above 7777")
        }
        var extended: [ExtendedAttribute] = []
        while offset < payload.byteCount {
            let nameBytes = Int(payload.byte(at: offset))
            offset += 1
            let limit = UInt64(ExtendedAttribute.mostBytes)
            let valueBytes = Int(try payload.varint(at: &offset, upTo: limit, "length of an attribute"))
            let nameStart = try payload.take(nameBytes, at: &offset)
            let valueStart = try payload.take(valueBytes, at: &offset)
            let attribute = ExtendedAttribute(
                name: payload.bytes(nameStart..<nameStart + nameBytes),
                value: payload.bytes(valueStart..<valueStart + valueBytes)
            )
            guard ExtendedAttribute.isKept(attribute.name), !attribute.name.contains(0) else {
                throw .malformed(at: nameStart, "an extended attribute that is not kept")
            }
            extended.append(attribute)
        }
        let time = payload.littleEndianUInt64(at: AttributesFormat.Offset.modified)
        self.init(
            ownership: FileOwnership(
                userID: payload.littleEndianUInt32(at: AttributesFormat.Offset.userID),
                groupID: payload.littleEndianUInt32(at: AttributesFormat.Offset.groupID),
                permissions: permissions
            ),
            modified: flags & AttributesFormat.Flag.hasTime != 0 ? Int64(bitPattern: time) : nil,
            extended: extended,
            lacksExtended: flags & AttributesFormat.Flag.lacksExtended != 0
        )
    }
}
