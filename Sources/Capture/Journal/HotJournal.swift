import LinuxFiles
import Repository
import SQLiteFiles
import SystemPackage

/// The pre-images of a journal whose writer died amid its transaction: laid over the database file they
/// give the committed state, as SQLite itself will when somebody opens the database next
/// (sqlite.org/lockingv3, section 4.0).
struct HotJournal {
    let originalBytes: UInt64
    let pages: PageSet

    /// Nil when SQLite would not roll it back: no valid header, or the super-journal that it names is gone,
    /// which is how a transaction over several databases commits.
    init?(_ path: FilePath, _ scratch: inout [UInt8]) {
        guard let journal = try? OpenFile(path, .look), let status = try? journal.status(),
            Self.superJournalIsThere(journal, sizeBytes: status.sizeBytes, &scratch)
        else { return nil }
        var scanner = JournalScanner(fileBytes: status.sizeBytes, purpose: .playback)
        var pages = PageSet(pageSize: .plain)
        while let range = scanner.wanted {
            guard range.count <= scratch.count,
                let got = try? journal.read(into: &scratch, count: range.count, at: range.lowerBound)
            else { return nil }
            let bytes = unsafe scratch.span.bytes.extracting(0..<got)
            switch scanner.feed(bytes) {
            case .header(let header) where pages.isEmpty: pages = PageSet(pageSize: header.pageSize)
            case .record(let page, let offset):
                let start = Int(offset - range.lowerBound)
                pages.append(page, bytes.extracting(start..<start + pages.pageSize.bytes))
            case .header, .skipped, .nothing, .end: break
            }
        }
        guard let header = scanner.firstHeader else { return nil }
        originalBytes = header.originalPageCount.byteCount(pageSize: header.pageSize)
        self.pages = pages
    }

    private static func superJournalIsThere(
        _ journal: borrowing OpenFile,
        sizeBytes: UInt64,
        _ scratch: inout [UInt8]
    ) -> Bool {
        let count = min(SuperJournalName.tailBytes, Int(clamping: sizeBytes))
        guard let got = try? journal.read(into: &scratch, count: count, at: sizeBytes - UInt64(count)),
            let name = unsafe SuperJournalName(journalTail: scratch.span.bytes.extracting(0..<got)),
            let path = FilePath(bytes: name.bytes)
        else { return true }
        return FileStatus.ifPresent(path) != nil
    }
}
