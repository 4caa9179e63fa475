import LinuxSystem
import RepositoryFormat

/// Divides the bytes of a sealed segment's summaries among its packs, in proportion to the packs' sizes.
/// Otherwise one snapshot would seem to take all of them.
struct SummaryShares {
    private let fileBytes: UInt64
    private var summaryBytes: UInt64 = 0
    private var packBytes: UInt64 = 0
    private var shares = ProportionalShares()

    /// `fileBytes`: of the segment; 0 when it is not sealed. Then every record has only its own bytes.
    init(of fileBytes: UInt64) { self.fileBytes = fileBytes }

    /// The number of bytes that count as the record's.
    package mutating func next(_ header: RecordHeader) -> UInt64 {
        let bytes = UInt64(header.recordBytes)
        guard fileBytes > 0 else { return bytes }
        switch RecordType(rawValue: header.type) {
        case .summary:
            summaryBytes += bytes
            return 0
        case .pack:
            packBytes += bytes
            let others =
                SegmentHeader.byteCount + summaryBytes
                + UInt64(RecordHeader.byteCount + FooterFormat.byteCount)
            let all = max(packBytes, fileBytes - min(fileBytes, others))
            return bytes.addingSaturated(shares.next(of: summaryBytes, upTo: packBytes, of: all))
        default: return bytes
        }
    }
}
