import RepositoryFormat
package import SystemPackage

/// A record's place, with everything that a message about it needs.
package struct RecordPlace {
    package let location: RecordLocation
    package let path: FilePath
    /// The end of the record, or of the block that it is in, in the segment.
    package let end: UInt64
    /// Its size in the segment, in bytes; in a block, its share.
    let storedBytes: UInt64
    package let isInBlock: Bool
    /// It is in a segment delta that replaces its segment.
    package var isInDelta = false
    /// The data of its block cannot be decompressed: its payload has the table, not the bytes of the ranges.
    package var isDataLost = false

    package init(
        location: RecordLocation,
        path: FilePath,
        end: UInt64,
        storedBytes: UInt64,
        isInBlock: Bool,
        isInDelta: Bool = false,
        isDataLost: Bool = false
    ) {
        self.location = location
        self.path = path
        self.end = end
        self.storedBytes = storedBytes
        self.isInBlock = isInBlock
        self.isInDelta = isInDelta
        self.isDataLost = isDataLost
    }

    /// Damage in the record's payload.
    package func damage(_ message: String) -> DamageError { DamageError(path, at: location.offset, message) }

    /// An error of a decoder of the record's payload.
    func error(_ error: FormatError) -> any Error {
        if case .malformed(_, let message) = error, isInBlock { return damage(message) }
        return error.inFile(path, at: location.offset + UInt64(RecordHeader.byteCount))
    }
}
