package import LinuxSystem
package import RepositoryFormat
import RepositoryReader
package import SQLiteFiles
import SystemPackage

/// Base images: `BaseMirror` has the rule for changes that arrive while one is written.
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
        try baseMirror.begin(OpenBase(writer), image, shape)
    }

    /// Appends the next pages of the image: whole pages except the image's last, beginning where the chunk
    /// before ended. Pages that were staged since `beginBase` are newer and replace them. After an error
    /// `abandonBase` must be called.
    package func baseChunk(_ file: FileID, firstPage: PageNumber, bytes: [UInt8]) throws {
        let image = try image(file)
        let base = try image.openBase()
        guard firstPage.rawValue == base.cursor, !base.isEnded else {
            throw RepositoryError.misuse("a chunk that does not begin at page \(base.cursor)")
        }
        try baseMirror.append(bytes, image, base)
    }

    /// Names the base image and stages the snapshot that needs it. May flush. After an error it can be tried
    /// again, or the base abandoned.
    package func endBase(
        _ file: FileID,
        event: SnapshotEvent,
        time: Instant,
        shape: ImageSize
    ) throws -> SequenceNumber {
        let image = try image(file)
        let base = try image.openBase(of: shape.pageSize)
        try baseMirror.end(image, base, shape)
        do {
            try stageBase(image, base, staged.noting(time))
        } catch {
            base.hasFailed = base.writer.hasFailed
            throw error
        }
        let batch = try stageStalePages(image, base, staged.noting(time))
        let entry = ChangesFormat.Entry(
            time: staged.noting(time),
            event: event,
            shape: shape,
            coalesced: UInt64(image.unfinished ?? 0),
            digest: image.digest
        )
        image.base = nil
        image.becomeMirrored(shape, digest: image.digest)
        end(batch, entry, [], image)
        batch.close()
        return lastSequence
    }

    /// Drops the open base image, or the snapshot that was assembled when the mirror was lost. Returns to the
    /// last snapshot, which is rebuilt from the stream. May flush. After an error it can be tried again.
    package func abandonBase(_ file: FileID) throws {
        let image = try image(file)
        guard image.base != nil || image.needsRestoring || image.hasLostMirror else { return }
        if image.dropOpenParts() { staged.append(.void(file)) }
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
        for image in images.withBase {
            if image.dropOpenParts() { staged.append(.void(image.id)) }
            mirrors.close(image.id)
            if files[image.id]!.last == nil { try? Directory.remove(image.mirrorPath) }
        }
        if hasStaged { _ = try? flush() }
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

    /// Stages the pages that changed after their chunk was written. Returns the batch for the final entry.
    private func stageStalePages(_ image: FileImage, _ base: OpenBase, _ time: Instant) throws -> ChangeBatch
    {
        let shape = image.shape!
        let size = shape.pageSize.bytes
        let part = ChangesFormat.Entry(time: time, shape: shape)
        var batch = staged.newBatch(image, before: nil, part, continues: true)
        var numbers: [UInt32] = []
        // Pages that were removed from the set are staged, even after an error.
        defer { if !numbers.isEmpty { end(batch, part, numbers[...], image) } }
        var next: UInt32 = 1
        // Pages after the base are zeros except where the mirror has data.
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
            try baseMirror.append(pageOf: image, number, to: batch)
            staged.count(pageBytes: size)
            numbers.append(number)
            base.touched.remove(PageNumber(number))
            next = number + 1
            guard batch.raw.count + size > ChangeBatch.maximumRawBytes else { continue }
            end(batch, part, numbers[...], image)
            numbers.removeAll(keepingCapacity: true)
            if staged.pageBytes >= Self.portionBytes { _ = try flush() }
            batch = staged.newBatch(image, before: nil, part, continues: true)
        }
        return batch
    }
}
