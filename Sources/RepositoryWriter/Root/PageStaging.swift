import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles

/// Stages the pages of changes. Comparing them can fail, and changes nothing. Then those that differ are
/// staged. Its buffers are reused for the next changes.
struct PageStaging {
    private var comparison = PageComparison()
    private var pageBuffer: [UInt8] = []

    /// Whether any of the compared pages differ.
    var hasChanges: Bool { !comparison.numbers.isEmpty }

    /// The digest of the image with the compared pages.
    var digest: UInt64 { comparison.digest }

    /// Compares the pages with the latest content. `before`: the current size; nil to start fresh.
    mutating func compare(
        _ pages: borrowing PageSet,
        _ shape: ImageSize,
        before: ImageSize?,
        _ image: FileImage,
        _ mirror: SharedFile
    ) throws(SystemError) {
        try comparison.run(pages, shape, before: before, image, mirror)
    }

    /// Stages the compared pages as one entry, or as parts and an entry when they are too long for a record.
    /// Returns the snapshot that this ends.
    mutating func commit(
        _ entry: ChangesFormat.Entry,
        _ pages: PageSet,
        _ image: FileImage,
        to staged: inout StagedRecords
    ) -> SnapshotState? {
        let size = entry.shape.pageSize.bytes
        let before = entry.startsFresh ? nil : image.shape
        let isShorter = before.map { entry.shape.byteCount < $0.byteCount } ?? false
        var batch = staged.batch(
            for: image,
            entry,
            rawBytes: comparison.numbers.count * size,
            alone: entry.startsFresh || isShorter
        )
        image.resize(to: entry.shape, startsFresh: entry.startsFresh)
        var first = 0
        var startsFresh = entry.startsFresh
        for index in 0..<comparison.numbers.count {
            if batch.raw.count + size > ChangeBatch.maximumRawBytes {
                endPart(batch, entry, &startsFresh, comparison.numbers[first..<index], image, &staged)
                batch = staged.newBatch(
                    image,
                    before: entry.startsFresh ? nil : image.shape,
                    entry,
                    continues: true
                )
                first = index
            }
            stage(index, pages, size, batch, image, &staged)
        }
        var last = entry
        last.startsFresh = startsFresh
        let state = staged.end(batch, last, comparison.numbers[first...], image)
        if isShorter { batch.close() }
        image.digest = comparison.digest
        return state
    }

    private mutating func stage(
        _ index: Int,
        _ pages: borrowing PageSet,
        _ size: Int,
        _ batch: ChangeBatch,
        _ image: FileImage,
        _ staged: inout StagedRecords
    ) {
        let number = comparison.numbers[index]
        if batch.hasPrefix, number <= batch.pageCountBefore.rawValue,
            !image.staged.contains(number, in: batch)
        {
            stagePrefix(index, number, size, batch)
            staged.count(pageBytes: size)
        }
        let slot = comparison.slots[index]
        let tail = comparison.tail
        let offset = slot < 0 ? batch.append(unsafe tail.span.bytes) : batch.append(pages[slot])
        staged.count(pageBytes: size)
        image.staged.set(number, in: batch, offset: offset, part: comparison.parts[index])
    }

    /// Appends the page's content before the batch. In later batches of one snapshot, the image already has
    /// its new length. New pages are then there as zeros, and a page cut by the new end is cut already.
    private mutating func stagePrefix(_ index: Int, _ number: UInt32, _ size: Int, _ batch: ChangeBatch) {
        let known = index < comparison.oldCount ? comparison.old : []
        pageBuffer.removeAll(keepingCapacity: true)
        if known.isEmpty {
            pageBuffer.append(zeros: size)
        } else {
            pageBuffer.append(
                contentsOf: unsafe known.span.bytes.extracting(index * size..<(index + 1) * size)
            )
            pageBuffer.clear(from: batch.validBytesBefore(of: number), to: size)
        }
        let buffer = pageBuffer
        batch.appendPrefix(number, unsafe buffer.span.bytes)
    }

    private func endPart(
        _ batch: ChangeBatch,
        _ entry: ChangesFormat.Entry,
        _ startsFresh: inout Bool,
        _ numbers: ArraySlice<UInt32>,
        _ image: FileImage,
        _ staged: inout StagedRecords
    ) {
        var part = entry
        part.event = nil
        part.coalesced = 0
        part.startsFresh = startsFresh
        startsFresh = false
        _ = staged.end(batch, part, numbers, image)
        batch.close()
    }
}
