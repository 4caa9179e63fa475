import SQLiteFiles

/// The payload of a segment delta: the net changes of a sealed segment to some of its files (docs/FORMAT.md,
/// "Segment deltas").
///
/// It is the number of segment deltas of the segment that follow, then the same as a block.
package enum SegmentDeltaFormat {
    /// The length of the part before the block.
    static let headerBytes = 4
    /// The most data that all segment deltas of a segment may have together, in bytes. All of it is the
    /// prefix of the segment's blocks.
    package static let maximumDataBytes = 16 << 20

    /// How many segment deltas follow it.
    package static func following(_ payload: RawSpan) throws(FormatError) -> Int {
        guard payload.byteCount >= headerBytes else {
            throw .malformed(at: 0, "too short for a segment delta")
        }
        return Int(payload.littleEndianUInt32(at: 0))
    }

    /// The part of the payload that has the form of a block.
    @_lifetime(copy payload)
    package static func block(in payload: RawSpan) -> RawSpan {
        payload.extracting(headerBytes..<payload.byteCount)
    }
}
