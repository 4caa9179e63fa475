package import LinuxSystem
import SQLiteFiles
package import SystemPackage

/// The 64 bytes at the start of a segment (docs/FORMAT.md, "Segments").
package struct SegmentHeader: Hashable {
    package static let byteCount: UInt64 = 64
    /// "HOLDSEG1" as a little-endian number.
    static let magic: UInt64 = 0x3147_4553_444c_4f48
    /// Times in version 1 never decrease; in version 2 they are those of the clock.
    package static let versions: ClosedRange<UInt16> = 1...2

    /// The only required flag that is known: the segment is sealed, and its own footer marks its end.
    static let sealedFlag: UInt32 = 1

    enum Offset {
        static let root = 16
        static let firstSequence = 24
        static let created = 32
        static let previousFirst = 40
        static let previousValidBytes = 48
    }

    package let root: RootID
    package let firstSequence: SequenceNumber
    package let created: Instant
    /// The first sequence of the segment before it; `.none` in the first.
    package let previousFirst: SequenceNumber
    /// The length of the valid part of the segment before it, in bytes. The rest of that file is an
    /// unfinished write.
    package let previousValidBytes: UInt64
    /// Whether the segment was written as a whole and ends in a footer.
    package var isSealed = false

    package init(
        root: RootID,
        firstSequence: SequenceNumber,
        created: Instant,
        previousFirst: SequenceNumber,
        previousValidBytes: UInt64
    ) {
        self.root = root
        self.firstSequence = firstSequence
        self.created = created
        self.previousFirst = previousFirst
        self.previousValidBytes = previousValidBytes
    }

    /// Decodes and verifies a header; `bytes` are the first 64 of the file, or fewer if it is shorter.
    package init(_ bytes: RawSpan) throws(FormatError) {
        let flags = try FileHeader.verify(
            bytes,
            byteCount: Int(Self.byteCount),
            magic: Self.magic,
            versions: Self.versions,
            knownFlags: Self.sealedFlag,
            what: "segment"
        )
        root = RootID(bytes.littleEndianUInt64(at: Offset.root))
        firstSequence = SequenceNumber(bytes.littleEndianUInt64(at: Offset.firstSequence))
        created = bytes.instant(at: Offset.created)
        previousFirst = SequenceNumber(bytes.littleEndianUInt64(at: Offset.previousFirst))
        previousValidBytes = bytes.littleEndianUInt64(at: Offset.previousValidBytes)
        isSealed = flags & Self.sealedFlag != 0
        guard firstSequence <= .last, previousFirst <= .last else {
            throw .malformed(at: Offset.firstSequence, "a sequence above \(SequenceNumber.last)")
        }
    }

    package func encoded() -> [UInt8] {
        var bytes = FileHeader.begin(
            magic: Self.magic,
            version: Self.versions.upperBound,
            flags: isSealed ? Self.sealedFlag : 0
        )
        bytes.append(root.rawValue)
        bytes.append(firstSequence.rawValue)
        bytes.append(created.nanoseconds)
        bytes.append(previousFirst.rawValue)
        bytes.append(previousValidBytes)
        FileHeader.end(&bytes)
        return bytes
    }
}

/// The names in a root's `segments` directory.
package enum SegmentName {
    package static func make(_ first: SequenceNumber) -> FilePath.Component {
        FilePath.Component(first.rawValue.padded(to: 20) + ".segment")!
    }

    /// The first sequence of the segment with that name; nil for any other name.
    package static func parse(_ name: FilePath.Component) -> SequenceNumber? {
        guard name.extension == "segment", let value = UInt64(name.stem), value > 0,
            SequenceNumber(value) <= .last
        else { return nil }
        return make(SequenceNumber(value)) == name ? SequenceNumber(value) : nil
    }
}
