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

    /// The place of a record in the block, or segment delta, at this place.
    package func inBlock(index: Int, storedBytes: UInt64) -> Self {
        Self(
            location: RecordLocation(segment: location.segment, offset: location.offset, index: index),
            path: path,
            end: end,
            storedBytes: storedBytes,
            isInBlock: true,
            isInDelta: isInDelta
        )
    }

    /// Damage in the record's payload.
    package func damage(_ message: String) -> DamageError { DamageError(path, at: location.offset, message) }

    /// An error of a decoder of the record's payload.
    func error(_ error: FormatError) -> any Error {
        if case .malformed(_, let message) = error, isInBlock { return damage(message) }
        return error.inFile(path, at: location.offset + UInt64(RecordHeader.byteCount))
    }
}
