/// Reads a rollback journal piece by piece without doing any I/O itself: it says which bytes it wants and is
/// fed them.
///
/// A journal is a header and its records, then perhaps, at the next multiple of the sector size, another
/// header and its records, and so on. A new header starts each time SQLite syncs the journal amid a
/// transaction.
///
/// **Playback** follows SQLite's hot-journal rollback to the letter. The first header decides page size,
/// sector size and the original size of the database. A count of 0xFFFFFFFF means as many records as the file
/// has room for, a count of 0 means none. A record beyond the original size is skipped without a look at its
/// checksum. Everything ends at a place without the magic, at a record for page 0 or the lock page (which
/// marks a super-journal's name), at the first checksum that fails, and where the file is cut short. A page
/// that comes twice is put back twice: the later content stays.
///
/// **Names** must miss no page that the transaction changed. A header's count is zero until the sync, and may
/// have been read before it: so a count of 0 or 0xFFFFFFFF means as many records as there are with a right
/// checksum, and then perhaps a header at the next sector boundary. The magic may be missing for the same
/// reason. The checksums begin with a random nonce, so what an earlier, longer journal left in the file ends
/// such a run. Where a header promises a count, a record whose checksum fails is skipped and the scan goes
/// on, but `isComplete` turns false.
///
///     while let range = scanner.wanted {
///         switch scanner.feed(bytes of range) { … }
///     }
///     // scanner.end says why
package struct JournalScanner: Sendable {
    /// The byte range of the journal to feed next; nil at the end. Never longer than a page and 8 bytes, and
    /// never beyond the length that the scanner was given.
    package private(set) var wanted: Range<UInt64>?

    /// Why the scan ended; nil while it goes on.
    package private(set) var end: JournalEnd?

    /// The first header, once seen. Page size, sector size and original page count of the whole journal are
    /// in it.
    package private(set) var firstHeader: JournalHeader?

    /// Whether there is a header, and no record that a header promises was missing or unsound so far. If not,
    /// the transaction may have changed pages that were not named: compare the whole file. A run without a
    /// count promises nothing; whether it was cut short, nobody can tell.
    package var isComplete: Bool { firstHeader != nil && !hasLostRecords }

    private var hasLostRecords = false
    private let fileBytes: UInt64
    private let purpose: JournalPurpose
    private let databasePageSize: PageSize?
    /// The header that governs the records at hand; nil while a header is wanted.
    private var current: JournalHeader?
    /// Where the next piece starts.
    private var offset: UInt64 = 0
    /// Records that the current header still promises; nil if it names no number.
    private var remaining: UInt64?

    /// A scan from the start. `fileBytes` is the journal's length; `databasePageSize` is only used for
    /// journals of SQLite before 3.5.8.
    package init(fileBytes: UInt64, purpose: JournalPurpose, databasePageSize: PageSize? = nil) {
        self.fileBytes = min(fileBytes, Self.largestFileBytes)
        self.purpose = purpose
        self.databasePageSize = databasePageSize
        seekHeader()
    }

    /// A scan for names of a journal whose first header is gone now but was read in time: in `PERSIST` and
    /// exclusive locking mode the commit zeroes it. The count in it may be that before the sync.
    package init(fileBytes: UInt64, rememberedHeader: JournalHeader) {
        self.fileBytes = min(fileBytes, Self.largestFileBytes)
        purpose = .names
        databasePageSize = nil
        start(rememberedHeader)
    }

    /// Takes the wanted bytes and moves on. Fewer bytes than wanted mean that the file has become shorter,
    /// and end the scan; more are ignored.
    package mutating func feed(_ bytes: RawSpan) -> JournalEvent {
        guard let range = wanted else { return .end(end ?? .endOfFile) }
        guard bytes.byteCount >= range.count else {
            hasLostRecords = true
            return finish(.cutShort(at: range.lowerBound))
        }
        let piece = bytes.extracting(0..<range.count)
        if let current {
            return takeRecord(piece, under: current)
        }
        return takeHeader(piece)
    }

    /// Lengths above this are cut down to it, which keeps all sums of offsets far from overflow.
    private static let largestFileBytes: UInt64 = 1 << 62
}

// Headers
extension JournalScanner {
    private mutating func seekHeader() {
        current = nil
        let sector = UInt64(firstHeader?.sectorBytes ?? JournalLayout.defaultSectorBytes)
        offset = (offset + sector - 1) / sector * sector
        guard offset + sector <= fileBytes else {
            finish(.endOfFile)
            return
        }
        wanted = offset..<offset + UInt64(JournalLayout.headerBytes)
    }

    private mutating func takeHeader(_ bytes: RawSpan) -> JournalEvent {
        do throws(JournalHeaderError) {
            let header =
                if let firstHeader {
                    try JournalHeader(bytes, following: firstHeader)
                } else {
                    try JournalHeader(bytes, databasePageSize: databasePageSize)
                }
            guard header.isSynced || purpose == .names else { return finish(.noHeader(at: offset)) }
            start(header)
            return .header(header)
        } catch .finished where firstHeader == nil {
            return finish(.finished)
        } catch {
            return finish(.noHeader(at: offset))
        }
    }

    private mutating func start(_ header: JournalHeader) {
        let sector = UInt64(header.sectorBytes)
        if firstHeader == nil { firstHeader = header }
        current = header
        offset += sector
        switch (header.recordCount, purpose) {
        case (JournalLayout.recordCountToEndOfFile, .playback):
            // Counted as SQLite does: from behind the first header, wherever this one stands.
            remaining = fileBytes > sector ? (fileBytes - sector) / UInt64(header.recordBytes) : 0
        case (JournalLayout.recordCountToEndOfFile, .names), (0, .names):
            remaining = nil
        case (let count, _):
            remaining = UInt64(count)
        }
        seekRecord(under: header)
    }
}

// Records
extension JournalScanner {
    private mutating func seekRecord(under header: JournalHeader) {
        if remaining == 0 { return seekHeader() }
        let next = offset + UInt64(header.recordBytes)
        guard next <= fileBytes else {
            // A run without a count just ends here, and a short header may still follow it.
            if remaining == nil { return seekHeader() }
            hasLostRecords = true
            finish(.cutShort(at: offset))
            return
        }
        wanted = offset..<next
    }

    private mutating func takeRecord(_ bytes: RawSpan, under header: JournalHeader) -> JournalEvent {
        let start = offset
        let page = PageNumber(bytes.bigEndianUInt32(at: JournalLayout.recordPage))
        if page.rawValue == 0 || page == PageNumber.lockPage(for: header.pageSize) {
            return endRecords(page.rawValue == 0 ? .noPage(at: start) : .superJournal(at: start))
        }
        if purpose == .playback, let firstHeader, !firstHeader.originalPageCount.contains(page) {
            advance(under: header)
            return .skipped(page, .beyondOriginalSize)
        }
        let contentEnd = JournalLayout.recordContent + header.pageSize.bytes
        let content = bytes.extracting(JournalLayout.recordContent..<contentEnd)
        guard header.checksum(ofPage: content) == bytes.bigEndianUInt32(at: contentEnd) else {
            guard purpose == .names, remaining != nil else {
                return endRecords(.checksumMismatch(at: start))
            }
            hasLostRecords = true
            advance(under: header)
            return .skipped(page, .checksumMismatch)
        }
        advance(under: header)
        return .record(page, preimageAt: start + UInt64(JournalLayout.recordContent))
    }

    private mutating func advance(under header: JournalHeader) {
        offset += UInt64(header.recordBytes)
        if let count = remaining { remaining = count - 1 }
        seekRecord(under: header)
    }

    /// No sound record stands here. That ends a run without a count, which has ended right here all along;
    /// where records were promised, it ends the journal.
    private mutating func endRecords(_ reason: JournalEnd) -> JournalEvent {
        guard remaining == nil else {
            hasLostRecords = true
            return finish(reason)
        }
        seekHeader()
        return end.map(JournalEvent.end) ?? .nothing
    }

    @discardableResult
    private mutating func finish(_ reason: JournalEnd) -> JournalEvent {
        wanted = nil
        end = reason
        return .end(reason)
    }
}
