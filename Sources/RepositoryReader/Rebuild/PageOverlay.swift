import LinuxSystem
import RepositoryFormat
package import SQLiteFiles

/// Pages of an image that are newer than its file. A page that changes 100 times is read and written only
/// once, and pages are written in order.
///
/// Unlike the writer's `FileImage`, it owns its pages, because records patch them in place, and it checks
/// nothing: the digest of the rebuilt image does that.
///
/// The image is the file's first `fileValidBytes` bytes, zeros after them, and the pages kept here over both.
/// The caller bounds the memory: `write` frees the `byteCount` bytes.
package struct PageOverlay {
    /// The position of each page in `bytes`, in pages.
    private var slots: [UInt32: Int] = [:]
    private var bytes: [UInt8] = []
    private var size = PageSize.plain
    /// How much of the file still belongs to the image; all of it until the image becomes shorter.
    private var fileValidBytes = UInt64.max
    private var order: [UInt32] = []
    private var together: [UInt8] = []
    /// Has the part of the file that is needed, if it is not all there.
    private(set) var base: LazyBase?
    /// Whether the file may differ from the image.
    package private(set) var isAhead = false

    package init() {}

    /// Memory of the pages, in bytes.
    package var byteCount: Int { slots.count * size.bytes }

    /// Drops all pages: the image is the file again, or empty. `base`: gives the file its content.
    package mutating func reset(_ pageSize: PageSize, isEmpty: Bool) {
        reset(pageSize, isEmpty: isEmpty, base: nil)
    }

    mutating func reset(_ pageSize: PageSize, isEmpty: Bool, base: LazyBase?) {
        self.base = base
        slots.removeAll(keepingCapacity: slots.count < 4096)
        size = pageSize
        fileValidBytes = isEmpty ? 0 : .max
        isAhead = isEmpty
    }

    /// Changes the image's length. Pages after it are dropped, and read as zeros if the image grows again.
    mutating func resize(from old: ImageSize, to new: ImageSize) {
        isAhead = true
        guard new.byteCount < old.byteCount else { return }
        fileValidBytes = min(fileValidBytes, new.byteCount)
        base?.shorten(to: new.byteCount)
        let last = new.pageCount.rawValue
        if !slots.isEmpty { slots = compacted(upTo: last) }
        // Nothing remains in memory of a file that was removed.
        if slots.isEmpty { bytes = [] }
        guard last > 0, let slot = slots[last] else { return }
        let start = slot * size.bytes
        bytes.clear(from: start + new.validBytes(of: PageNumber(last)), to: start + size.bytes)
    }

    /// Moves the pages up to `last` together.
    private mutating func compacted(upTo last: UInt32) -> [UInt32: Int] {
        var kept: [UInt32: Int] = [:]
        var next = 0
        for (number, slot) in slots.sorted(by: { $0.value < $1.value }) where number <= last {
            if slot != next { bytes.copy(slot * size.bytes, size.bytes, to: next * size.bytes) }
            kept[number] = next
            next += 1
        }
        return kept
    }

    /// Reads a page of the image into `buffer[start ..< start + page size]`. Bytes beyond the image become
    /// zeros.
    func read(
        _ number: UInt32,
        _ file: borrowing OpenFile,
        into buffer: inout [UInt8],
        from start: Int = 0
    ) throws(SystemError) {
        if let slot = slots[number] {
            let content = unsafe bytes.span.bytes.extracting(slot * size.bytes..<(slot + 1) * size.bytes)
            buffer.put(content, at: start)
            return
        }
        let offset = PageNumber(number).byteOffset(pageSize: size)
        try base?.fill(offset..<offset + UInt64(size.bytes), of: file)
        try file.read(into: &buffer, from: start, padded: size.bytes, at: offset, upTo: fileValidBytes)
    }

    /// The contribution of pages of the image, which has that size, to its digest.
    func parts(
        of pages: Range<UInt32>,
        _ shape: ImageSize,
        _ file: borrowing OpenFile
    ) throws(SystemError) -> UInt64 {
        let end = PageNumber(pages.upperBound).byteOffset(pageSize: size)
        try base?.fill(PageNumber(pages.lowerBound).byteOffset(pageSize: size)..<end, of: file)
        let validBytes = min(fileValidBytes, shape.pageCount.byteCount(pageSize: size))
        let valid = ImageSize(pageSize: size, byteCount: validBytes) ?? shape
        var (sum, next) = (UInt64(0), pages.lowerBound)
        for number in slots.keys.filter(pages.contains).sorted() {
            sum ^= try ImageDigest.of(file, shape: valid, pages: next..<number)
            let start = slots[number]! * size.bytes
            let content = unsafe bytes.span.bytes.extracting(start..<start + size.bytes)
            sum ^= ImageDigest.part(PageNumber(number), content)
            next = number + 1
        }
        return sum ^ (try ImageDigest.of(file, shape: valid, pages: next..<pages.upperBound))
    }

    /// Replaces a page by `content`, a whole page.
    mutating func replace(_ number: UInt32, _ content: RawSpan) {
        bytes.put(content, at: slot(for: number) * size.bytes)
    }

    /// Writes some bytes of a page over its content.
    mutating func patch(
        _ number: UInt32,
        _ ranges: ArraySlice<ByteRange>,
        _ data: RawSpan,
        _ file: borrowing OpenFile
    ) throws(SystemError) {
        if slots[number] == nil {
            let start = slot(for: number) * size.bytes
            let offset = PageNumber(number).byteOffset(pageSize: size)
            do throws(SystemError) {
                try base?.fill(offset..<offset + UInt64(size.bytes), of: file)
                try file.read(into: &bytes, from: start, padded: size.bytes, at: offset, upTo: fileValidBytes)
            } catch {
                slots[number] = nil
                throw error
            }
        }
        let start = slots[number]! * size.bytes
        var from = 0
        for range in ranges {
            bytes.put(data.extracting(from..<from + range.byteCount), at: start + range.start)
            from += range.byteCount
        }
    }

    private mutating func slot(for number: UInt32) -> Int {
        isAhead = true
        if let slot = slots[number] { return slot }
        let slot = slots.count
        let needed = (slot + 1) * size.bytes
        if bytes.count < needed { bytes.append(zeros: max(needed, 2 * bytes.count) - bytes.count) }
        slots[number] = slot
        return slot
    }

    /// Adjacent pages are written together up to this size, in bytes.
    private static let writeBytes = 256 << 10

    private mutating func write(
        _ neighbours: ArraySlice<UInt32>,
        to file: borrowing OpenFile,
        _ shape: ImageSize
    ) throws(SystemError) {
        together.removeAll(keepingCapacity: true)
        for number in neighbours {
            let start = slots[number]! * size.bytes
            let valid = shape.validBytes(of: PageNumber(number))
            together.append(contentsOf: bytes[start..<start + valid])
        }
        let offset = PageNumber(neighbours.first!).byteOffset(pageSize: size)
        try file.write(unsafe together.span.bytes, at: offset)
    }

    /// Writes the pages to the file, which then is the image of that size. Pages are written in order.
    mutating func write(to file: borrowing OpenFile, _ shape: ImageSize) throws(SystemError) {
        let fileBytes = try file.status().sizeBytes
        if fileValidBytes < fileBytes { try file.truncate(to: fileValidBytes) }
        order.removeAll(keepingCapacity: true)
        order.append(contentsOf: slots.keys)
        order.sort()
        var first = 0
        while first < order.count {
            var end = first + 1
            while end < order.count, order[end] == order[end - 1] + 1,
                (end - first) * size.bytes < Self.writeBytes
            {
                end += 1
            }
            try write(order[first..<end], to: file, shape)
            first = end
        }
        if try file.status().sizeBytes != shape.byteCount { try file.truncate(to: shape.byteCount) }
        base?.wrote(order)
        reset(size, isEmpty: false, base: base)
    }
}

extension [UInt8] {
    /// Copies `content` over `self[start...]`.
    package mutating func put(_ content: RawSpan, at start: Int) {
        precondition(start >= 0 && start + content.byteCount <= count)
        guard content.byteCount > 0 else { return }
        unsafe withUnsafeMutableBytes { target in
            unsafe content.withUnsafeBytes {
                unsafe target.baseAddress!.advanced(by: start)
                    .copyMemory(from: $0.baseAddress!, byteCount: $0.count)
            }
        }
    }

    /// Copies `self[from ..< from + length]` over `self[to...]`; the two may overlap.
    fileprivate mutating func copy(_ from: Int, _ length: Int, to: Int) {
        precondition(from >= 0 && to >= 0 && Swift.max(from, to) + length <= count)
        unsafe withUnsafeMutableBytes { bytes in
            unsafe bytes.baseAddress!.advanced(by: to)
                .copyMemory(from: bytes.baseAddress!.advanced(by: from), byteCount: length)
        }
    }
}
