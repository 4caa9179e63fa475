package import LinuxSystem
package import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage

/// Staging: `PageComparison` does everything that can fail first, and changes nothing. The rest only moves
/// memory, so a failed call leaves the writer unchanged.
extension RootWriter {
    /// Compares every page with the latest content and keeps those that differ. Returns the sequence of the
    /// new snapshot. Returns nil in these cases:
    /// 1. Nothing changed.
    /// 2. The changes are not final.
    /// 3. They only add to an unfinished snapshot or a base image.
    ///
    /// Throws `RepositoryError` for misuse, and `SystemError`.
    package func stage(_ changes: Changes) throws -> SequenceNumber? {
        let image = try image(changes.file)
        guard changes.pages.isEmpty || changes.pages.pageSize == changes.shape.pageSize else {
            throw RepositoryError.misuse("pages of another size than their image's")
        }
        guard !image.needsRestoring else {
            throw RepositoryError.misuse("file \(changes.file) was left in the middle of a base image")
        }
        let isDeletion = changes.event == .deleted && changes.isFinal
        let shape = isDeletion ? ImageSize.empty(changes.shape.pageSize) : changes.shape
        if image.base != nil { return try stageIntoBase(changes, shape, image) }
        if isDeletion && !image.isPresent && image.unfinished == nil { return nil }

        let startsFresh = changes.startsFresh || isDeletion || image.shape == nil
        let before = startsFresh ? nil : image.shape
        if let before, before.pageSize != shape.pageSize, before.byteCount > 0 {
            throw RepositoryError.misuse("another page size without a fresh start")
        }
        // An empty image has no page size to keep.
        let isFresh = startsFresh || before?.pageSize != shape.pageSize
        try comparison.run(
            changes.pages,
            shape,
            before: isFresh ? nil : before,
            image,
            try mirrors.open(image)
        )

        let closes =
            changes.isFinal
            && (image.unfinished == nil || changes.closesUnfinished || changes.startsFresh || isDeletion)
        let isChanged = isFresh || !comparison.numbers.isEmpty || shape != image.shape
        let changesPresence = changes.isFinal && image.isPresent == isDeletion
        if !changes.isFinal && image.unfinished == nil { image.unfinished = FileImage.Unfinished() }
        if changes.isFinal && !closes { image.unfinished!.coalesced += changes.transactions }
        guard isChanged || (closes && (image.hasOpenParts || changesPresence)) else {
            if closes { image.unfinished = nil }
            return nil
        }
        let added = image.unfinished?.coalesced ?? 0
        let entry = ChangesFormat.Entry(
            time: staged.noting(changes.time),
            event: closes ? changes.event : nil,
            startsFresh: isFresh,
            shape: shape,
            coalesced: closes ? UInt64(max(0, changes.coalesced) + added) : 0,
            digest: closes ? comparison.digest : 0,
            pages: 0..<0,
            standing: changes.isMoment ? .moment : .alone
        )
        commit(entry, changes.pages, image)
        return closes ? lastSequence : nil
    }

    /// Ends the file's unfinished snapshot. If none is open and the size differs, makes a snapshot of that
    /// size. Otherwise returns nil.
    package func finish(
        _ file: FileID,
        event: SnapshotEvent,
        time: Instant,
        shape: ImageSize,
        coalesced: Int = 0
    ) throws -> SequenceNumber? {
        try stage(
            Changes(
                file: file,
                time: time,
                event: event,
                coalesced: coalesced,
                shape: shape,
                pages: PageSet(pageSize: shape.pageSize),
                closesUnfinished: true
            )
        )
    }

    /// Stages a gap: single commits may have been missed. Throws `RepositoryError.noSuchFile`.
    package func stageGap(_ gap: Gap) throws {
        if gap.file != .root { _ = try image(gap.file) }
        // If a clock was ahead, the gap would begin after its end.
        let gap = Gap(from: min(gap.from, gap.to), to: gap.to, reason: gap.reason, file: gap.file)
        let time = staged.noting(gap.to)
        staged.append(.gap(gap), time: time)
    }

    /// Stages an annotation. Throws `RepositoryError.noSuchFile`.
    package func stageAnnotation(_ annotation: Annotation) throws {
        if annotation.file != .root { _ = try image(annotation.file) }
        let time = staged.noting(annotation.time)
        staged.append(.annotation(annotation), time: time)
    }

    /// Stages the compared pages as one entry, or as parts and an entry when they are too long for a record.
    private func commit(_ entry: ChangesFormat.Entry, _ pages: PageSet, _ image: FileImage) {
        let size = entry.shape.pageSize.bytes
        let before = entry.startsFresh ? nil : image.shape
        let isShorter = before.map { entry.shape.byteCount < $0.byteCount } ?? false
        var run = staged.run(
            for: image,
            entry,
            rawBytes: comparison.numbers.count * size,
            alone: entry.startsFresh || isShorter
        )
        image.resize(to: entry.shape, startsFresh: entry.startsFresh)
        var first = 0
        var startsFresh = entry.startsFresh
        for index in 0..<comparison.numbers.count {
            if run.raw.count + size > Run.maximumRawBytes {
                endPart(run, entry, &startsFresh, comparison.numbers[first..<index], image)
                run = staged.newRun(
                    image,
                    before: entry.startsFresh ? nil : image.shape,
                    entry,
                    continues: true
                )
                first = index
            }
            stagePage(index, pages, size, run, image)
        }
        var last = entry
        last.startsFresh = startsFresh
        end(run, last, comparison.numbers[first...], image)
        if isShorter { run.close() }
        image.digest = comparison.digest
        images.noteAhead(image)
    }

    private func stagePage(
        _ index: Int,
        _ pages: borrowing PageSet,
        _ size: Int,
        _ run: Run,
        _ image: FileImage
    ) {
        let number = comparison.numbers[index]
        if run.hasPrefix, number <= run.pageCountBefore.rawValue, !image.isStaged(number, in: run) {
            stagePrefix(index, number, size, run, image)
        }
        let slot = comparison.slots[index]
        let tail = comparison.tail
        let offset = slot < 0 ? run.append(unsafe tail.span.bytes) : run.append(pages[slot])
        staged.count(pageBytes: size)
        image.setStaged(number, in: run, offset: offset, part: comparison.parts[index])
    }

    /// Appends the page's content before the run. In the second and later runs of one snapshot, the image
    /// already has its new length. New pages are then there as zeros, and a page cut by the new end is cut
    /// already.
    private func stagePrefix(_ index: Int, _ number: UInt32, _ size: Int, _ run: Run, _ image: FileImage) {
        let known = index < comparison.oldCount ? comparison.old : []
        pageBuffer.removeAll(keepingCapacity: true)
        if known.isEmpty {
            pageBuffer.append(zeros: size)
        } else {
            pageBuffer.append(
                contentsOf: unsafe known.span.bytes.extracting(index * size..<(index + 1) * size)
            )
            pageBuffer.clear(from: run.validBytesBefore(of: number), to: size)
        }
        let buffer = pageBuffer
        run.appendPrefix(number, unsafe buffer.span.bytes)
        staged.count(pageBytes: size)
    }

    private func endPart(
        _ run: Run,
        _ entry: ChangesFormat.Entry,
        _ startsFresh: inout Bool,
        _ numbers: ArraySlice<UInt32>,
        _ image: FileImage
    ) {
        var part = entry
        part.event = nil
        part.coalesced = 0
        part.startsFresh = startsFresh
        startsFresh = false
        end(run, part, numbers, image)
        run.close()
    }

    /// Ends an entry. If the entry is finished, this ends the snapshot.
    func end(_ run: Run, _ entry: ChangesFormat.Entry, _ numbers: ArraySlice<UInt32>, _ image: FileImage) {
        guard let event = entry.event else {
            run.endEntry(entry, numbers: numbers, sequence: nil)
            image.hasOpenParts = true
            return
        }
        lastSequence = lastSequence.next
        run.endEntry(entry, numbers: numbers, sequence: lastSequence)
        image.hasOpenParts = false
        image.unfinished = nil
        image.isPresent = event != .deleted
        if event != .baseline, let kind = files[image.id]?.kind { staged.noteChange(of: kind) }
        let state = SnapshotState(
            sequence: lastSequence,
            time: entry.time,
            event: event,
            shape: entry.shape,
            digest: entry.digest
        )
        declared.setLast(state, of: image.id)
    }
}
