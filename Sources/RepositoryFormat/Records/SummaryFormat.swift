import SQLiteFiles

/// The payload of a summary: the net changes of a sealed segment to some of its files (docs/FORMAT.md,
/// "Summaries").
///
/// It is the number of summaries of the segment that follow, then the same as a pack.
package enum SummaryFormat {
    /// The length of the part before the pack.
    static let headerBytes = 4
    /// The most data that all summaries of a segment may have together, in bytes. All of it is the prefix of
    /// the segment's packs.
    package static let maximumDataBytes = 16 << 20

    /// How many summaries follow it.
    package static func following(_ payload: RawSpan) throws(FormatError) -> Int {
        guard payload.byteCount >= headerBytes else { throw .malformed(at: 0, "too short for a summary") }
        return Int(payload.littleEndianUInt32(at: 0))
    }

    /// The part of the payload that has the form of a pack.
    @_lifetime(copy payload)
    package static func pack(in payload: RawSpan) -> RawSpan {
        payload.extracting(headerBytes..<payload.byteCount)
    }
}
