/// How far one generation of a write-ahead log has been verified.
///
/// A frame is valid if and only if (sqlite.org/fileformat2, section 4.1):
/// 1. Its salts equal those of the log's header.
/// 2. Its page number is not 0. Neither that nor its database size is above `PageCount.maximum`.
/// 3. Its checksum continues that of the frame before it (for the first frame: that of the header). It covers
///    the frame header's first 8 bytes and the page.
///
/// The first frame that is not valid ends the log, whatever follows it. Frames after the last commit are
/// valid but not committed: after a rollback the next transaction overwrites them. The caller therefore keeps
/// a copy of the chain at each commit, and starts from it when it reads again.
///
/// When a new generation starts, frames of the old one remain beyond its end until they are overwritten. The
/// old chain continues to verify them.
package struct WALChain: Sendable, Hashable {
    /// The result of verifying a frame.
    package enum Verdict: Sendable, Hashable {
        /// A valid frame amid a transaction.
        case page(PageNumber)
        /// A valid frame that ends a transaction, with the size of the database after it.
        case commit(PageNumber, databasePages: PageCount)
        /// Not a valid next frame. The chain is unchanged.
        case end
    }

    package let salts: WALSalts
    package let order: ByteOrder
    package let pageSize: PageSize

    /// How many frames from the first on have been verified.
    package private(set) var frameCount: Int

    /// The running checksum after these frames.
    package private(set) var checksum: WALChecksum

    /// The chain of a generation without a verified frame.
    package init(header: WALHeader) {
        self.init(
            salts: header.salts,
            order: header.order,
            pageSize: header.pageSize,
            frameCount: 0,
            checksum: header.checksum
        )
    }

    /// A chain that continues after `frameCount` frames that were verified elsewhere, as by SQLite in the
    /// wal-index.
    package init(
        salts: WALSalts,
        order: ByteOrder,
        pageSize: PageSize,
        frameCount: Int,
        checksum: WALChecksum
    ) {
        self.salts = salts
        self.order = order
        self.pageSize = pageSize
        self.frameCount = frameCount
        self.checksum = checksum
    }

    /// The length of a frame, in bytes: its header and one page.
    package var frameBytes: Int { WALLayout.frameHeaderBytes + pageSize.bytes }

    /// Where a frame starts in the file, in bytes. The first frame has index 0, so `offset(ofFrame:
    /// frameCount)` is where the next one goes.
    package func offset(ofFrame index: Int) -> UInt64 {
        UInt64(WALLayout.headerBytes) &+ UInt64(truncatingIfNeeded: index) &* UInt64(frameBytes)
    }

    /// Verifies the next frame: header and page. Bytes beyond it are ignored. A frame that is cut short is
    /// `.end`.
    package mutating func accept(frame: RawSpan) -> Verdict {
        guard frame.byteCount >= frameBytes, let header = WALFrameHeader(frame),
            header.salts == salts
        else { return .end }
        var next = checksum
        next.update(over: frame.extracting(0..<WALLayout.checksummedFrameHeaderBytes), order: order)
        next.update(over: frame.extracting(WALLayout.frameHeaderBytes..<frameBytes), order: order)
        guard next == header.checksum else { return .end }

        checksum = next
        frameCount &+= 1
        if let databasePages = header.committedDatabasePages {
            return .commit(header.page, databasePages: databasePages)
        }
        return .page(header.page)
    }
}
