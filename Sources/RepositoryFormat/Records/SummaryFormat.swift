import SQLiteFiles

/// The payload of a summary: what a sealed segment comes to for some of its files (docs/FORMAT.md,
/// "Summaries").
///
/// How many summaries of the segment follow, then as in a pack.
package enum SummaryFormat {
    /// What comes before that which a pack has too.
    static let headerBytes = 4
    /// The most data that all summaries of a segment may have together, in bytes: all of it is the prefix of
    /// its packs.
    package static let maximumDataBytes = 16 << 20

    /// How many summaries follow it.
    package static func following(_ payload: RawSpan) throws(FormatError) -> Int {
        guard payload.byteCount >= headerBytes else { throw .malformed(at: 0, "too short for a summary") }
        return Int(payload.littleEndianUInt32(at: 0))
    }

    /// What of the payload a pack has too.
    @_lifetime(copy payload)
    package static func pack(in payload: RawSpan) -> RawSpan {
        payload.extracting(headerBytes..<payload.byteCount)
    }
}
