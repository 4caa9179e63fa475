import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles

/// Writes a base image while the file continues to change.
///
/// The chunks are written in order up to a cursor. Changes that arrive meanwhile are written directly to the
/// mirror:
/// 1. Before the cursor they make the written chunk stale. Those pages follow the base as changes without a
///    prefix.
/// 2. From the cursor on they are newer than the chunk that follows, so the chunk takes them from the mirror.
///
/// In the end the mirror is the image, and base plus stale pages are the same.
struct BaseMirror {
    private let mirrors: MirrorFiles
    private var pageBuffer: [UInt8] = []

    init(_ mirrors: MirrorFiles) { self.mirrors = mirrors }

    /// Begins the image anew. Empties the mirror, and gives it the image's length.
    func begin(_ base: OpenBase, _ image: FileImage, _ shape: ImageSize) throws {
        image.base = base
        image.unfinished = image.unfinished ?? 0
        image.staged.forget()
        image.shape = shape
        image.digest = 0
        base.hasFailed = true
        let mirror = try mirrors.open(image)
        try mirror.file.truncate(to: 0)
        mirrors.hashes.forget(image.id)
        try mirror.file.truncate(to: shape.byteCount)
        base.hasFailed = false
    }

    /// Appends the pages at the cursor to the base, or the newer ones of the mirror, and moves the cursor.
    mutating func append(_ bytes: [UInt8], _ image: FileImage, _ base: OpenBase) throws {
        let pageSize = image.shape!.pageSize
        let size = pageSize.bytes
        var chunk = bytes
        base.hasFailed = true
        try lay(newerPagesOf: image, base, over: &chunk)
        let written = try writeToMirror(chunk, image, base)
        let parts =
            unsafe written ?? ImageDigest.parts(PageNumber(base.cursor), chunk.span.bytes, pageSize)
        try base.writer.append(unsafe chunk.span.bytes, parts: parts)
        base.cursor += UInt32((bytes.count + size - 1) / size)
        base.isEnded = bytes.count % size != 0
        base.hasFailed = false
    }

    /// Gives the image its last size. No chunk follows.
    mutating func end(_ image: FileImage, _ base: OpenBase, _ shape: ImageSize) throws {
        base.hasFailed = true
        base.isEnded = true
        try resize(to: shape, image, base)
        try countPagesBehindChunks(image, base)
        base.hasFailed = false
    }

    /// Takes changes while the base is open: they only go to the mirror.
    mutating func stage(_ changes: Changes, _ shape: ImageSize, _ image: FileImage) throws {
        let base = try image.openBase(of: shape.pageSize)
        base.hasFailed = true
        if changes.startsFresh { try resize(to: .empty(shape.pageSize), image, base) }
        try resize(to: shape, image, base)
        try write(changes.pages, image, base)
        if changes.isFinal { image.unfinished! += changes.transactions }
        base.hasFailed = false
    }

    /// Writes changed pages to the mirror.
    private func write(_ pages: borrowing PageSet, _ image: FileImage, _ base: OpenBase) throws {
        let shape = image.shape!
        let mirror = try mirrors.open(image)
        for index in 0..<pages.count {
            let number = pages.numbers[index]
            let valid = shape.validBytes(of: number)
            guard number.rawValue > 0, valid > 0 else { continue }
            let content = pages[index].extracting(0..<valid)
            try mirror.file.write(content, at: number.byteOffset(pageSize: shape.pageSize))
            try count(number.rawValue, content, image, base)
            base.touched.insert(number)
        }
    }

    /// Appends a page of the mirror to the batch.
    mutating func append(pageOf image: FileImage, _ number: UInt32, to batch: ChangeBatch) throws {
        try readMirror(number, image)
        let buffer = pageBuffer
        _ = batch.append(unsafe buffer.span.bytes.extracting(0..<image.shape!.pageSize.bytes))
    }

    /// Counts a page that was written to the mirror, padded with zeros. Before the cursor it replaces the
    /// former one in the digest.
    private func count(
        _ number: UInt32,
        _ content: RawSpan,
        _ image: FileImage,
        _ base: OpenBase
    ) throws(SystemError) {
        let size = image.shape!.pageSize
        let isCounted = number < base.cursor
        if isCounted { image.digest ^= try knownParts(number..<number + 1, image) }
        let part = mirrors.hashes.note(PageNumber(number), of: image.id, content, size)
        if isCounted { image.digest ^= part }
    }

    /// The contribution of pages of the mirror to the digest.
    private func knownParts(_ pages: Range<UInt32>, _ image: FileImage) throws(SystemError) -> UInt64 {
        guard let parts = mirrors.hashes.parts(pages, of: image.id, image.shape!.pageSize) else {
            throw image.loseMirror()
        }
        return parts
    }

    /// Reads a page of the mirror into the front of `pageBuffer`. Throws when it differs from what was
    /// written there.
    private mutating func readMirror(_ number: UInt32, _ image: FileImage) throws(SystemError) {
        let size = image.shape!.pageSize
        try mirrors.open(image).file.readPage(PageNumber(number), size, into: &pageBuffer)
        let buffer = pageBuffer
        let content = unsafe buffer.span.bytes.extracting(0..<size.bytes)
        guard mirrors.hashes.holds(PageNumber(number), of: image.id, content, size) else {
            throw image.loseMirror()
        }
    }

    /// Changes the image's length. Every page that is cut, lost or added counts as staged.
    private mutating func resize(to new: ImageSize, _ image: FileImage, _ base: OpenBase) throws {
        let old = image.shape!
        guard new.byteCount != old.byteCount else { return }
        let mirror = try mirrors.open(image)
        let size = UInt64(new.pageSize.bytes)
        let shorter = min(old.byteCount, new.byteCount)
        let kept = UInt32(shorter / size)
        let cutBytes = Int(shorter % size)
        try addPages(behind: kept, of: old, image, base)
        if cutBytes > 0, new.byteCount < old.byteCount { try readMirror(kept + 1, image) }
        try mirror.file.truncate(to: new.byteCount)
        mirrors.hashes.cut(image.id, to: new.pageCount)
        if cutBytes > 0, new.byteCount < old.byteCount {
            let buffer = pageBuffer
            let front = unsafe buffer.span.bytes.extracting(0..<cutBytes)
            _ = mirrors.hashes.note(PageNumber(kept + 1), of: image.id, front, new.pageSize)
        }
        image.shape = new
        try addPages(behind: kept, of: new, image, base)
        var number = kept
        if cutBytes > 0, kept + 1 >= base.cursor, !base.touched.contains(PageNumber(kept + 1)) {
            // Its front follows with a chunk that may be older than the cut.
            number += 1
            base.cuts[number] = min(base.cuts[number] ?? .max, cutBytes)
        }
        base.touched.insert(new.pageCount.pages(behind: PageCount(number)))
    }

    /// Counts pages before the cursor into the digest, or removes them from it.
    private func addPages(
        behind kept: UInt32,
        of shape: ImageSize,
        _ image: FileImage,
        _ base: OpenBase
    ) throws(SystemError) {
        let pages = shape.pageCount.pages(behind: PageCount(kept)).clamped(to: 0..<base.cursor)
        image.digest ^= try knownParts(pages, image)
    }

    /// Replaces pages of the chunk by those that were staged meanwhile.
    private mutating func lay(
        newerPagesOf image: FileImage,
        _ base: OpenBase,
        over chunk: inout [UInt8]
    ) throws {
        let shape = image.shape!
        let size = shape.pageSize.bytes
        for start in stride(from: 0, to: chunk.count, by: size) {
            let number = base.cursor + UInt32(start / size)
            if let front = base.cuts.removeValue(forKey: number) {
                chunk.clear(from: start + front, to: min(start + size, chunk.count))
            }
            guard base.touched.contains(PageNumber(number)), shape.pageCount.rawValue >= number else {
                continue
            }
            let count = min(size, chunk.count - start)
            try readMirror(number, image)
            let buffer = pageBuffer
            chunk.put(unsafe buffer.span.bytes.extracting(0..<count), at: start)
            // If the chunk has only the front of a page, the page is not in the base as a whole.
            if shape.validBytes(of: PageNumber(number)) <= count {
                base.touched.remove(PageNumber(number))
            }
        }
    }

    /// Writes the part of the chunk within the image, and counts its pages into the digest. From the cursor
    /// on the mirror is zero except for staged pages, and the chunk has those by now. So zeros need not be
    /// written, and a sparse file remains sparse.
    ///
    /// Returns the contribution of the whole chunk to a digest; nil unless the mirror got exactly that.
    private mutating func writeToMirror(
        _ chunk: [UInt8],
        _ image: FileImage,
        _ base: OpenBase
    ) throws -> UInt64? {
        let shape = image.shape!
        let mirror = try mirrors.open(image)
        let first = PageNumber(base.cursor)
        let offset = first.byteOffset(pageSize: shape.pageSize)
        guard offset < shape.byteCount else { return nil }
        let count = Int(min(UInt64(chunk.count), shape.byteCount - offset))
        let content = unsafe chunk.span.bytes.extracting(0..<count)
        let partialBytes = count % shape.pageSize.bytes
        let whole = content.extracting(0..<count - partialBytes)
        if partialBytes > 0 {
            // The image may extend beyond the chunk's end in its last page: those bytes are in the mirror.
            let last = base.cursor + UInt32(count / shape.pageSize.bytes)
            try readMirror(last, image)
            pageBuffer.put(content.extracting(whole.byteCount..<count), at: 0)
            let buffer = pageBuffer
            let page = unsafe buffer.span.bytes.extracting(0..<shape.pageSize.bytes)
            image.digest ^= mirrors.hashes.note(PageNumber(last), of: image.id, page, shape.pageSize)
        }
        try mirror.file.writeSparsely(content, at: offset, pageSize: shape.pageSize)
        let parts = mirrors.hashes.note(first, of: image.id, whole, shape.pageSize)
        image.digest ^= parts
        return whole.byteCount == chunk.count ? parts : nil
    }

    /// Counts the pages without a chunk into the digest, once. They are zero, or staged.
    private func countPagesBehindChunks(_ image: FileImage, _ base: OpenBase) throws {
        guard let end = image.shape!.pageCount.end?.rawValue, base.cursor < end else { return }
        image.digest ^= try knownParts(base.cursor..<end, image)
        base.cursor = end
    }
}
