/// Reads a rollback journal piece by piece. It does no I/O: it names the bytes that it wants, and its caller
/// feeds them.
///
/// A journal is a sequence of headers, each followed by its records. Each header starts at a multiple of the
/// sector size. SQLite starts a new header each time it syncs the journal amid a transaction.
///
/// **Playback** follows SQLite's hot-journal rollback exactly:
/// 1. The first header decides the page size, the sector size and the original size of the database.
/// 2. A record count of 0xFFFFFFFF means as many records as the file has room for. A count of 0 means none.
/// 3. A record beyond the original size is skipped. Its checksum is not checked.
/// 4. The scan ends where a header lacks the magic.
/// 5. The scan ends at a record for page 0 or for the lock page, which marks a super-journal's name.
/// 6. The scan ends at the first checksum mismatch, and where the file is cut short.
/// 7. A page with two records is restored twice: the later content remains.
///
/// **Names** must miss no page that the transaction changed. Before the sync, a header has a count of 0 and
/// may lack the magic. Both are therefore accepted:
/// 1. A count of 0 or 0xFFFFFFFF means as many records as have a valid checksum. A header may follow at the
///    next sector boundary.
/// 2. The checksums start from a random nonce. The records of an earlier, longer journal therefore end such a
///    run.
/// 3. With any other count, a record with a checksum mismatch is skipped, and `isComplete` becomes false.
///
/// The caller's loop:
///
///     while let range = scanner.wanted {
///         switch scanner.feed(bytes of range) { … }
///     }
///     // scanner.end says why
package struct JournalScanner: Sendable {
    /// The byte range of the journal to feed next; nil at the end. Never longer than a page and 8 bytes, and
    /// never beyond the length that the scanner was given.
    package private(set) var wanted: Range<UInt64>?

    /// Why the scan ended; nil before its end.
    package private(set) var end: JournalEnd?

    /// The first header, once read. It has the page size, sector size and original page count of the whole
    /// journal.
    package private(set) var firstHeader: JournalHeader?

    /// Whether there is a header, and no counted record was missing or had a checksum mismatch so far. If
    /// false, the transaction may have changed pages that were not named: compare the whole file. A run
    /// without a count promises nothing, so it may have been cut short unnoticed.
    package var isComplete: Bool { firstHeader != nil && !hasLostRecords }

    private var hasLostRecords = false
    private let fileBytes: UInt64
    private let purpose: JournalPurpose
    private let databasePageSize: PageSize?
    /// The header of the current records; nil while a header is wanted.
    private var current: JournalHeader?
    /// Where the next piece starts.
    private var offset: UInt64 = 0
    /// How many records of the current header remain; nil if it has no count.
    private var remaining: UInt64?

    /// A scan from the start. `fileBytes` is the journal's length; `databasePageSize` is only used for
    /// journals of SQLite before 3.5.8.
    package init(fileBytes: UInt64, purpose: JournalPurpose, databasePageSize: PageSize? = nil) {
        self.fileBytes = min(fileBytes, Self.largestFileBytes)
        self.purpose = purpose
        self.databasePageSize = databasePageSize
        seekHeader()
    }

    /// Takes the wanted bytes and advances. Fewer bytes than wanted mean that the file was shortened: the
    /// scan ends. Further bytes are ignored.
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
            // As in SQLite: counted from the end of the first header, wherever this header is.
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

    /// There is no valid record here. A run without a count ends so, and the next header is searched. With a
    /// count, the journal ends.
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
