/// The header of one frame of a write-ahead log: 24 bytes before each page (sqlite.org/fileformat2, section
/// 4.1).
///
/// A decoded header need not belong to a valid frame: only `WALChain` decides that.
package struct WALFrameHeader: Sendable, Hashable {
    package let page: PageNumber
    /// The size of the database after the commit that this frame ends; nil if it ends none.
    package let committedDatabasePages: PageCount?
    package let salts: WALSalts
    /// The running checksum after this frame.
    package let checksum: WALChecksum

    /// Nil if there are fewer than 24 bytes, or if a number in them is none that a database can have. A hole,
    /// for example, has page 0. Further bytes are ignored.
    package init?(_ bytes: RawSpan) {
        guard bytes.byteCount >= WALLayout.frameHeaderBytes else { return nil }
        let databasePages = bytes.bigEndianUInt32(at: WALLayout.frameDatabasePages)
        page = PageNumber(bytes.bigEndianUInt32(at: WALLayout.framePage))
        committedDatabasePages = databasePages == 0 ? nil : PageCount(databasePages)
        guard page.rawValue != 0, max(page.rawValue, databasePages) <= PageCount.maximum.rawValue else {
            return nil
        }
        salts = WALSalts(bytes, at: WALLayout.frameSalts)
        checksum = WALChecksum(bytes, at: WALLayout.frameChecksum)
    }
}
