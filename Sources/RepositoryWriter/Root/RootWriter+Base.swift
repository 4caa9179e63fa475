package import LinuxSystem
package import RepositoryFormat
import RepositoryReader
package import SQLiteFiles
import SystemPackage

/// Writes a base image while the file continues to change.
///
/// The slices are written in order up to a cursor. Changes that arrive meanwhile are written directly to the
/// mirror:
/// 1. Before the cursor they make the written slice stale. Those pages follow the base as changes without a
///    prefix.
/// 2. From the cursor on they are newer than the slice that follows, so the slice takes them from the mirror.
///
/// In the end the mirror is the image, and base plus stale pages are the same.
extension RootWriter {
    /// Stale pages are flushed in portions of this size, in bytes.
    private static let portionBytes = 2 << 20

    /// Begins a base image. While it is open, `stage` for this file only writes to the mirror, and returns
    /// nil. After an error `abandonBase` must be called.
    package func beginBase(_ file: FileID, shape: ImageSize) throws {
        let image = try image(file)
        guard image.base == nil, !image.needsRestoring else {
            throw RepositoryError.misuse("file \(file) has a base image open")
        }
        let writer = try BaseWriter(root: root, file: file, pageSize: shape.pageSize)
        let base = OpenBase(writer)
        image.base = base
        if image.unfinished == nil { image.unfinished = FileImage.Unfinished() }
        image.forgetStaged()
        image.shape = shape
        image.digest = 0
        base.hasFailed = true
        let mirror = try mirrors.open(image)
        try mirror.file.truncate(to: 0)
        mirrors.hashes.forget(file)
        try mirror.file.truncate(to: shape.byteCount)
        base.hasFailed = false
    }

    /// Appends the next pages of the image: whole pages except the image's last, beginning where the slice
    /// before ended. Pages that were staged since `beginBase` are newer and replace them. After an error
    /// `abandonBase` must be called.
    package func baseSlice(_ file: FileID, firstPage: PageNumber, bytes: [UInt8]) throws {
        let (image, base) = try openBase(file)
        let size = image.shape!.pageSize.bytes
        guard firstPage.rawValue == base.cursor, !base.isEnded else {
            throw RepositoryError.misuse("a slice that does not begin at page \(base.cursor)")
        }
        var slice = bytes
        base.hasFailed = true
        try lay(newerPagesOf: image, base, over: &slice)
        let written = try writeToMirror(slice, image, base)
        let parts = unsafe written ?? ImageDigest.parts(firstPage, slice.span.bytes, image.shape!.pageSize)
        try base.writer.append(unsafe slice.span.bytes, parts: parts)
        base.cursor += UInt32((bytes.count + size - 1) / size)
        base.isEnded = bytes.count % size != 0
        base.hasFailed = false
    }

    /// Names the base image and stages the snapshot that needs it. May flush. After an error it can be tried
    /// again, or the base abandoned.
    package func endBase(
        _ file: FileID,
        event: SnapshotEvent,
        time: Instant,
        shape: ImageSize
    ) throws -> SequenceNumber {
        let (image, base) = try openBase(file)
        guard shape.pageSize == image.shape!.pageSize else {
            throw RepositoryError.misuse("another page size than the base image's")
        }
        base.hasFailed = true
        base.isEnded = true
        try resizeBase(to: shape, image, base)
        try countPagesBehindSlices(image, base)
        base.hasFailed = false
        do {
            try stageBase(image, base, staged.noting(time))
        } catch {
            base.hasFailed = base.writer.hasFailed
            throw error
        }
        let run = try stageStalePages(image, base, staged.noting(time))
        let entry = ChangesFormat.Entry(
            time: staged.noting(time),
            event: event,
            startsFresh: false,
            shape: shape,
            coalesced: UInt64(image.unfinished?.coalesced ?? 0),
            digest: image.digest,
            pages: 0..<0
        )
        image.base = nil
        image.becomeMirrored(shape, digest: image.digest)
        end(run, entry, [], image)
        run.close()
        return lastSequence
    }

    /// Drops the open base image, or the snapshot that was assembled when the mirror was lost. Returns to the
    /// last snapshot, which is rebuilt from the stream. May flush. After an error it can be tried again.
    package func abandonBase(_ file: FileID) throws {
        let image = try image(file)
        guard image.base != nil || image.needsRestoring || image.hasLostMirror else { return }
        drop(image)
        _ = try flush()
        if files[file]!.last == nil {
            try emptyMirror(image)
        } else {
            try restoreMirrors([file])
        }
        image.needsRestoring = false
    }

    /// Drops an open base image or unfinished snapshot of the file, and its image: the next changes start
    /// fresh. May flush. After an error it can be tried again.
    package func quarantine(_ file: FileID) throws {
        let image = try image(file)
        try abandonBase(file)
        if image.hasOpenParts { staged.append(.void(file)) }
        image.hasOpenParts = false
        image.unfinished = nil
        image.shape = nil
    }

    /// Drops all open base images, before the writer ends. Mirrors with a snapshot are left unchanged: the
    /// next writer detects and rebuilds wrong ones. It also removes files that cannot be removed now.
    package func discardOpenBases() {
        for image in images.values where image.base != nil {
            drop(image)
            mirrors.close(image.id)
            if files[image.id]!.last == nil { try? Directory.remove(image.mirrorPath) }
        }
        if hasStaged { _ = try? flush() }
    }

    private func drop(_ image: FileImage) {
        image.base?.writer.abandon()
        if image.hasOpenParts { staged.append(.void(image.id)) }
        image.hasOpenParts = false
        image.unfinished = nil
        image.base = nil
        image.needsRestoring = true
    }

    private func openBase(_ file: FileID) throws -> (FileImage, OpenBase) {
        let image = try image(file)
        guard let base = image.base, !base.hasFailed else {
            throw RepositoryError.misuse("file \(file) has no sound base image open")
        }
        return (image, base)
    }
}

/// Changes while a base is open.
extension RootWriter {
    func stageIntoBase(_ changes: Changes, _ shape: ImageSize, _ image: FileImage) throws -> SequenceNumber? {
        let (image, base) = try openBase(image.id)
        guard shape.pageSize == image.shape!.pageSize else {
            throw RepositoryError.misuse("another page size than the base image's")
        }
        base.hasFailed = true
        if changes.startsFresh { try resizeBase(to: .empty(shape.pageSize), image, base) }
        try resizeBase(to: shape, image, base)
        let mirror = try mirrors.open(image)
        for index in 0..<changes.pages.count {
            let number = changes.pages.numbers[index]
            let valid = shape.validBytes(of: number)
            guard number.rawValue > 0, valid > 0 else { continue }
            let content = changes.pages[index].extracting(0..<valid)
            try mirror.file.write(content, at: number.byteOffset(pageSize: shape.pageSize))
            try count(number.rawValue, content, image, base)
            base.touched.insert(number)
        }
        if changes.isFinal { image.unfinished!.coalesced += changes.transactions }
        base.hasFailed = false
        return nil
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
    private func readMirror(_ number: UInt32, _ image: FileImage) throws(SystemError) {
        let size = image.shape!.pageSize
        try mirrors.open(image).file.readPage(PageNumber(number), size, into: &pageBuffer)
        let buffer = pageBuffer
        let content = unsafe buffer.span.bytes.extracting(0..<size.bytes)
        guard mirrors.hashes.holds(PageNumber(number), of: image.id, content, size) else {
            throw image.loseMirror()
        }
    }

    /// Changes the image's length. Every page that is cut, lost or added counts as staged.
    private func resizeBase(to new: ImageSize, _ image: FileImage, _ base: OpenBase) throws {
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
            // Its front follows with a slice that may be older than the cut.
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

    /// Replaces pages of the slice by those that were staged meanwhile.
    private func lay(newerPagesOf image: FileImage, _ base: OpenBase, over slice: inout [UInt8]) throws {
        let shape = image.shape!
        let size = shape.pageSize.bytes
        for start in stride(from: 0, to: slice.count, by: size) {
            let number = base.cursor + UInt32(start / size)
            if let front = base.cuts.removeValue(forKey: number) {
                slice.clear(from: start + front, to: min(start + size, slice.count))
            }
            guard base.touched.contains(PageNumber(number)), shape.pageCount.rawValue >= number else {
                continue
            }
            let count = min(size, slice.count - start)
            try readMirror(number, image)
            let buffer = pageBuffer
            slice.put(unsafe buffer.span.bytes.extracting(0..<count), at: start)
            // If the slice has only the front of a page, the page is not in the base as a whole.
            if shape.validBytes(of: PageNumber(number)) <= count {
                base.touched.remove(PageNumber(number))
            }
        }
    }

    /// Writes the part of the slice within the image, and counts its pages into the digest. From the cursor
    /// on the mirror is zero except for staged pages, and the slice has those by now. So zeros need not be
    /// written, and a sparse file remains sparse.
    ///
    /// Returns the contribution of the whole slice to a digest; nil unless the mirror got exactly that.
    private func writeToMirror(
        _ slice: [UInt8],
        _ image: FileImage,
        _ base: OpenBase
    ) throws -> UInt64? {
        let shape = image.shape!
        let mirror = try mirrors.open(image)
        let first = PageNumber(base.cursor)
        let offset = first.byteOffset(pageSize: shape.pageSize)
        guard offset < shape.byteCount else { return nil }
        let count = Int(min(UInt64(slice.count), shape.byteCount - offset))
        let content = unsafe slice.span.bytes.extracting(0..<count)
        let partialBytes = count % shape.pageSize.bytes
        let whole = content.extracting(0..<count - partialBytes)
        if partialBytes > 0 {
            // The image may extend beyond the slice's end in its last page: those bytes are in the mirror.
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
        return whole.byteCount == slice.count ? parts : nil
    }

    /// Counts the pages without a slice into the digest, once. They are zero, or staged.
    private func countPagesBehindSlices(_ image: FileImage, _ base: OpenBase) throws {
        guard let end = image.shape!.pageCount.end?.rawValue, base.cursor < end else { return }
        image.digest ^= try knownParts(base.cursor..<end, image)
        base.cursor = end
    }

    private func stageBase(_ image: FileImage, _ base: OpenBase, _ time: Instant) throws {
        guard !base.isStaged else { return }
        let name = base.name ?? lastSequence.next
        base.name = name
        let reference = try base.writer.finish(as: root.basePath(name, image.id))
        staged.append(.base(image.id, name, reference), time: time)
        base.isStaged = true
        image.hasOpenParts = true
    }

    /// Stages the pages that changed after their slice was written, and returns the run for the final entry.
    private func stageStalePages(_ image: FileImage, _ base: OpenBase, _ time: Instant) throws -> Run {
        let shape = image.shape!
        let size = shape.pageSize.bytes
        let part = ChangesFormat.Entry(
            time: time,
            event: nil,
            startsFresh: false,
            shape: shape,
            coalesced: 0,
            digest: 0,
            pages: 0..<0
        )
        var run = staged.newRun(image, before: nil, part, continues: true)
        var numbers: [UInt32] = []
        // Pages that were removed from the set are staged, even after an error.
        defer { if !numbers.isEmpty { end(run, part, numbers[...], image) } }
        var next: UInt32 = 1
        // Pages behind the base are zeros except where the mirror has data.
        let baseEnd = base.writer.byteCount
        while let number = base.touched.first(from: PageNumber(next))?.rawValue,
            number <= shape.pageCount.rawValue
        {
            let offset = PageNumber(number).byteOffset(pageSize: shape.pageSize)
            if offset >= baseEnd {
                guard let page = mirrors.hashes.firstData(from: number, of: image.id) else { break }
                if page > number {
                    next = page
                    continue
                }
            }
            try readMirror(number, image)
            let buffer = pageBuffer
            _ = run.append(unsafe buffer.span.bytes.extracting(0..<size))
            staged.count(pageBytes: size)
            numbers.append(number)
            base.touched.remove(PageNumber(number))
            next = number + 1
            guard run.raw.count + size > Run.maximumRawBytes else { continue }
            end(run, part, numbers[...], image)
            numbers.removeAll(keepingCapacity: true)
            if staged.pageBytes >= Self.portionBytes { _ = try flush() }
            run = staged.newRun(image, before: nil, part, continues: true)
        }
        return run
    }
}
