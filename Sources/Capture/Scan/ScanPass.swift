import LinuxSystem
import RepositoryFormat
import SQLiteFiles

/// Which pages a scan reads next, and whether it has to read all of them once more. A pure decision.
struct ScanPass {
    private let pageSize: PageSize
    /// Only these pages are read; nil: all.
    let selection: PageBitmap?
    /// Of the file when the pass began.
    private var pageCount: PageCount
    /// Later passes compare with the mirror, also in the scan of a base.
    private var isFirst = true
    /// What is read goes to the base image, which has not ended before the file.
    private(set) var isForBase: Bool
    private var began = MonotonicInstant.now
    /// The next pass waits until then.
    private(set) var restsUntil: MonotonicInstant?
    /// A transaction was missed: all pages must be compared once more.
    private(set) var needsAnother = false
    private(set) var cursor = PageNumber(1)

    init(_ shape: ImageSize, selection: PageBitmap?, isForBase: Bool) {
        pageSize = shape.pageSize
        pageCount = shape.pageCount
        self.selection = selection
        self.isForBase = isForBase
    }

    /// The number behind the last page.
    var end: UInt32 { pageCount.end?.rawValue ?? .max }

    /// Whether every page was read.
    var isComplete: Bool { cursor.rawValue > pageCount.rawValue }

    /// Pages of the next chunk: at most `limit` bytes from the cursor on.
    func nextChunk(limit: Int) -> Range<UInt32> {
        let first = selection == nil ? cursor.rawValue : selection?.first(from: cursor)?.rawValue ?? end
        guard first < end else { return end..<end }
        let count = selection == nil ? max(1, limit / pageSize.bytes) : 1
        return first..<min(PageNumber(first).advanced(by: count)?.rawValue ?? end, end)
    }

    mutating func advance(past chunk: Range<UInt32>) { cursor = PageNumber(chunk.upperBound) }

    /// Pages from here on are delivered as changes.
    mutating func endBase() { isForBase = false }

    /// A transaction was missed: the pages that were read and delivered so far may be old.
    ///
    /// The first pass continues, because a base needs all pages. A later one is ended, and the next begins
    /// after a pause. Beside a writer that hardly ever pauses, repeating the pass faster does not end the
    /// scan.
    mutating func missTransaction(_ now: MonotonicInstant) {
        guard !needsAnother else { return }
        needsAnother = true
        guard !isFirst else { return }
        cursor = pageCount.end ?? cursor
        restsUntil = now.advanced(by: began.duration(to: now) * 3)
    }

    /// Begins to compare everything, at the size that the image has by now.
    mutating func beginNext(_ pageCount: PageCount, _ now: MonotonicInstant) {
        self.pageCount = pageCount
        began = now
        (isFirst, isForBase, needsAnother, restsUntil) = (false, false, false, nil)
        cursor = PageNumber(1)
    }
}
