import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles
import SystemPackage

/// The pre-images of a journal whose writer died amid its transaction, read piece by piece. Applied to the
/// database file they give the committed state. SQLite does the same when the database is opened next
/// (sqlite.org/lockingv3, section 4.0).
///
/// A journal is hot if and only if:
/// 1. Its first byte is not zero.
/// 2. The database is not empty.
/// 3. No process holds a write lock or RESERVED.
/// 4. It names no super-journal, or one that exists.
///
/// `QuiescentWindow` checks all of these.
final class HotJournal {
    private let journal: OpenFile
    private var scanner: JournalScanner
    /// The identity and state of the journal.
    let stamp: ContentStamp
    /// The page size that the database had.
    let pageSize: PageSize
    /// The size of the database before the transaction.
    let shape: ImageSize

    /// Nil when there is nothing to apply: if the journal has no valid header, SQLite uses the file as it is.
    /// Throws `SystemError` when it cannot be read, ENOENT when it was removed.
    init?(_ path: FilePath, _ scratch: inout [UInt8]) throws(SystemError) {
        let journal = try OpenFile(path, .protected)
        let status = try journal.status()
        stamp = ContentStamp(status)
        var scanner = JournalScanner(fileBytes: status.sizeBytes, purpose: .playback)
        while scanner.firstHeader == nil, let range = scanner.wanted {
            let got = try journal.read(into: &scratch, count: range.count, at: range.lowerBound)
            _ = unsafe scanner.feed(scratch.span.bytes.extracting(0..<got))
        }
        guard let header = scanner.firstHeader else { return nil }
        self.journal = journal
        self.scanner = scanner
        pageSize = header.pageSize
        shape = ImageSize(pageSize: header.pageSize, pageCount: header.originalPageCount)
    }

    var sizeBytes: UInt64 { stamp.sizeBytes }

    /// Whether all pre-images were read.
    var isRead: Bool { scanner.wanted == nil }

    /// The number of bytes in which the pre-image of page 1 is searched.
    private static let searchedBytes = 4 << 20

    /// The change counter of the state that it leads back to: that of its pre-image of page 1, and without
    /// one the file's own. Nil when neither is known so soon.
    func counterBefore(inFile counter: UInt32?, _ scratch: inout [UInt8]) throws(SystemError) -> UInt32? {
        var search = JournalScanner(fileBytes: sizeBytes, purpose: .playback)
        var left = Self.searchedBytes
        while let range = search.wanted {
            guard left > 0 else { return nil }
            left -= range.count
            let got = try journal.read(into: &scratch, count: range.count, at: range.lowerBound)
            let bytes = unsafe scratch.span.bytes.extracting(0..<got)
            guard case .record(let page, let offset) = search.feed(bytes), page == PageNumber(1) else {
                continue
            }
            return bytes.bigEndianUInt32(at: Int(offset - range.lowerBound) + DatabaseLayout.changeCounter)
        }
        return counter
    }

    /// The next pre-images, about `limit` bytes of them. If a page is there twice, the later content applies.
    func next(limit: Int, _ scratch: inout [UInt8]) throws(SystemError) -> PageSet {
        var pages = PageSet(pageSize: pageSize)
        while pages.bytes.count < limit, let range = scanner.wanted {
            let got = try journal.read(into: &scratch, count: range.count, at: range.lowerBound)
            let bytes = unsafe scratch.span.bytes.extracting(0..<got)
            guard case .record(let page, let offset) = scanner.feed(bytes) else { continue }
            let start = Int(offset - range.lowerBound)
            pages.append(page, bytes.extracting(start..<start + pageSize.bytes))
        }
        return pages
    }
}

extension JournalWatch {
    /// Whether the journal names a super-journal that does not exist. A transaction over several databases
    /// commits by removing that. The remaining journals then have no effect (sqlite.org/atomiccommit, section
    /// 5.0).
    ///
    /// The name in the journal is the writer's: in a container it may be another directory here. So the
    /// super-journal is also searched beside the database, and in the directories above. As in SQLite, an
    /// empty one does not exist.
    func namesMissingSuperJournal(_ scratch: inout [UInt8]) throws(SystemError) -> Bool {
        guard let name = try named?.file.superJournalName(&scratch), let said = FilePath(bytes: name.bytes)
        else { return false }
        if Self.exists(said) { return false }
        guard let last = said.lastComponent else { return true }
        var directory = path.removingLastComponent()
        while true {
            if Self.exists(directory.appending(last)) { return false }
            let parent = directory.removingLastComponent()
            guard parent != directory, !parent.isEmpty else { return true }
            directory = parent
        }
    }

    private static func exists(_ path: FilePath) -> Bool {
        guard let status = FileStatus.ifPresent(path) else { return false }
        return status.kind != .regular || status.sizeBytes > 0
    }
}
