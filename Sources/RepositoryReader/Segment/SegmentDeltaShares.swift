import LinuxSystem
import RepositoryFormat

/// Divides the bytes of the segment deltas among its blocks, in proportion to the blocks'
/// sizes. Otherwise one snapshot would seem to take all of them.
struct SegmentDeltaShares {
    private let fileBytes: UInt64
    private var deltaBytes: UInt64 = 0
    private var blockBytes: UInt64 = 0
    private var shares = ProportionalShares()

    /// `fileBytes`: of the segment; 0 when it is not sealed. Then every record has only its own bytes.
    init(of fileBytes: UInt64) { self.fileBytes = fileBytes }

    /// The number of bytes that count as the record's.
    package mutating func next(_ header: RecordHeader) -> UInt64 {
        let bytes = UInt64(header.recordBytes)
        guard fileBytes > 0 else { return bytes }
        switch RecordType(rawValue: header.type) {
        case .segmentDelta:
            deltaBytes += bytes
            return 0
        case .block:
            blockBytes += bytes
            let others =
                SegmentHeader.byteCount + deltaBytes
                + UInt64(RecordHeader.byteCount + FooterFormat.byteCount)
            let all = max(blockBytes, fileBytes - min(fileBytes, others))
            return bytes.addingSaturated(shares.next(of: deltaBytes, upTo: blockBytes, of: all))
        default: return bytes
        }
    }
}
