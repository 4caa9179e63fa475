import RepositoryFormat
package import SystemPackage

/// A record's place, with everything that a message about it needs.
package struct RecordPlace {
    package let location: RecordLocation
    package let path: FilePath
    /// The end of the record, or of the pack that it is in, in the segment.
    package let end: UInt64
    /// Its size in the segment, in bytes; in a pack, its share.
    let storedBytes: UInt64
    package let isPacked: Bool
    /// It is in a summary that replaces its segment.
    package var isSummarised = false

    package init(
        location: RecordLocation,
        path: FilePath,
        end: UInt64,
        storedBytes: UInt64,
        isPacked: Bool,
        isSummarised: Bool = false
    ) {
        self.location = location
        self.path = path
        self.end = end
        self.storedBytes = storedBytes
        self.isPacked = isPacked
        self.isSummarised = isSummarised
    }

    /// Damage in the record's payload.
    package func damage(_ message: String) -> DamageError { DamageError(path, at: location.offset, message) }

    /// An error of a decoder of the record's payload.
    func error(_ error: FormatError) -> any Error {
        if case .malformed(_, let message) = error, isPacked { return damage(message) }
        return error.inFile(path, at: location.offset + UInt64(RecordHeader.byteCount))
    }
}
