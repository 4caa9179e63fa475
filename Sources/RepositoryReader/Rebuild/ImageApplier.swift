package import LinuxSystem
package import RepositoryFormat
package import SQLiteFiles

/// Applies records to an image in a file, one after the other.
///
/// Changed pages are kept in `overlay` until `finish`, or until the caller finds them too many. A partial
/// last page is padded with zeros.
package struct ImageApplier {
    /// A page before and after a change.
    package typealias OnChange = (_ number: UInt32, _ old: RawSpan, _ new: RawSpan) -> Void

    package var shape: ImageSize?
    /// The digest of the current image. Unless `tracksDigest`, it covers only the first `countedPages`,
    /// without `uncounted`.
    package var digest: UInt64 = 0
    var countedPages: UInt32 = 0
    /// Pages among the first `countedPages` that changed since the base.
    var uncounted = PageBitmap()
    /// The base that the image began with; nil after a fresh start.
    package var base: (sequence: SequenceNumber, reference: BaseReference)?
    /// The image's minimum length since then, in bytes. Bytes beyond it are no longer those of the base.
    package var shortestBytes = UInt64.max
    /// Whether `digest` is needed at every step, or only at the end.
    let tracksDigest: Bool
    /// The only pages that are wanted; nil for all.
    package private(set) var wanted: PageBitmap?
    package var overlay = PageOverlay()
    let exchanged: ExchangedPage

    package init(tracksDigest: Bool, wanted: PageBitmap? = nil, exchanged: ExchangedPage) {
        self.tracksDigest = tracksDigest
        self.wanted = wanted
        self.exchanged = exchanged
    }

    /// Applies one entry of `changes`. `data`: the page data of all entries. If it tracks the digest, it
    /// calls `onChange` for each page.
    package mutating func apply(
        _ entry: ChangesFormat.Entry,
        of changes: borrowing ChangesFormat,
        data: borrowing [UInt8],
        to file: borrowing OpenFile,
        onChange: OnChange = { _, _, _ in }
    ) throws(SystemError) {
        if entry.startsFresh || shape == nil {
            overlay.reset(entry.shape.pageSize, isEmpty: true)
            shape = .empty(entry.shape.pageSize)
            base = nil
            digest = 0
            countedPages = 0
            uncounted.removeAll()
        }
        try resize(to: entry.shape, file)
        shortestBytes = min(shortestBytes, entry.shape.byteCount)
        let size = entry.shape.pageSize.bytes
        for index in entry.pages {
            let number = changes.numbers[index]
            if let wanted, !wanted.contains(PageNumber(number)) { continue }
            if tracksDigest {
                try Self.read(number, overlay, size, file, into: &exchanged.former)
            } else {
                try leaveUncounted(number, file)
            }
            switch changes.encoding {
            case .wholePages:
                let content = unsafe data.span.bytes.extracting(index * size..<(index + 1) * size)
                overlay.replace(number, content)
            case .byteRanges:
                let (ranges, start) = changes.ranges(of: index)
                let content = unsafe data.span.bytes.extracting(start..<data.count)
                try overlay.patch(number, ranges, content, file)
            }
            if tracksDigest { try exchange(number, file, onChange) }
        }
    }

    /// The same image; from now on all changed pages are wanted.
    package consuming func wantingAll() -> ImageApplier {
        wanted = nil
        return self
    }

    /// Writes the pending pages to the file, which must be open for writing.
    package mutating func finish(_ file: borrowing OpenFile) throws(SystemError) {
        guard let shape, overlay.isAhead else { return }
        try overlay.write(to: file, shape)
    }

    /// Reads a page of the image into the front of `buffer`. `size`: of a page, in bytes.
    package static func read(
        _ number: UInt32,
        _ overlay: borrowing PageOverlay,
        _ size: Int,
        _ file: borrowing OpenFile,
        into buffer: inout [UInt8]
    ) throws(SystemError) {
        if buffer.count < size { buffer.append(zeros: size - buffer.count) }
        try overlay.read(number, file, into: &buffer)
    }

    private mutating func resize(to new: ImageSize, _ file: borrowing OpenFile) throws(SystemError) {
        let old = shape!
        guard new.byteCount != old.byteCount else { return shape = new }
        // Pages that are added or removed, and the last one that remains if it becomes shorter.
        let kept = UInt32(min(old.byteCount, new.byteCount) / UInt64(new.pageSize.bytes))
        if tracksDigest, new.byteCount == 0, overlay.base != nil {
            // Nothing of a base is read only because the file was deleted.
            digest = 0
        } else if tracksDigest {
            try takeOut(behind: kept, file)
        } else if kept < countedPages {
            try leaveUncounted(behind: kept, file)
        }
        overlay.resize(from: old, to: new)
        shape = new
        if tracksDigest { try takeOut(behind: kept, file) }
    }

    /// XORs the contributions of all pages after the first `kept` into the digest.
    private mutating func takeOut(behind kept: UInt32, _ file: borrowing OpenFile) throws(SystemError) {
        let pages = shape!.pageCount.pages(behind: PageCount(kept))
        digest ^= try overlay.parts(of: pages, shape!, file)
    }

    /// `exchanged.former` is the page before.
    private mutating func exchange(
        _ number: UInt32,
        _ file: borrowing OpenFile,
        _ onChange: OnChange
    ) throws(SystemError) {
        let size = shape!.pageSize.bytes
        try Self.read(number, overlay, size, file, into: &exchanged.latter)
        let (old, new) = (exchanged.former, exchanged.latter)
        digest ^= unsafe ImageDigest.part(PageNumber(number), old.span.bytes.extracting(0..<size))
        digest ^= unsafe ImageDigest.part(PageNumber(number), new.span.bytes.extracting(0..<size))
        unsafe onChange(number, old.span.bytes.extracting(0..<size), new.span.bytes.extracting(0..<size))
    }
}

/// Space for a page before and after a change. All images that are changed one after the other share it:
/// there may be tens of thousands.
package final class ExchangedPage {
    var former: [UInt8] = []
    var latter: [UInt8] = []

    package init() {}
}
