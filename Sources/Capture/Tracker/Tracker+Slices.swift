import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// What a comparison reads, slice by slice, and hands over.
extension Tracker {
    static let sliceBytes = 1 << 20
    private static let shortSliceBytes = 128 << 10

    /// Looks at the next slice. False when it has to wait.
    func takeSlice(_ walk: Walk) throws -> Bool {
        if let preimages = try walk.nextPreimages(limit: Self.shortSliceBytes, &context.scratch) {
            try lay(preimages, walk)
            return true
        }
        // Between slices events are read: a journal lives for a millisecond, a log for many.
        let limit = walk.isOverLog || kind == .plain ? Self.sliceBytes : Self.shortSliceBytes
        let slice = walk.nextSlice(limit: limit)
        guard !slice.isEmpty else {
            walk.advance(past: slice)
            return true
        }
        guard let done = try readSlice(walk, slice) else {
            retry(in: .microseconds(500))
            return false
        }
        walk.advance(past: done)
        return true
    }

    /// Takes pre-images of a hot journal for what the pages contain.
    private func lay(_ preimages: PageSet, _ walk: Walk) throws {
        let shape = walk.shape ?? ImageShape(pageSize: walk.pageSize, pageCount: walk.pageCount)
        walk.took(preimages, shape: shape)
        guard walk.purpose == .audit else {
            emit(preimages, walk)
            // Only now it is known from which state on the journals tell of changes.
            if !walk.isLayingHotJournal { image = ObservedImage(shape: shape, header: walk.header) }
            return
        }
        for index in preimages.numbers.indices {
            let offset = preimages.numbers[index].byteOffset(pageSize: walk.pageSize)
            let size = walk.pageSize.bytes
            let got = try walk.mirror?.read(into: &context.mirrorScratch, count: size, at: offset) ?? 0
            let scratch = context.mirrorScratch
            let mirrored = unsafe scratch.span.bytes.extracting(0..<got)
            let number = preimages.numbers[index]
            guard mirrored.isEqual(to: preimages[index]),
                context.hashes.holds(number, of: file, mirrored, walk.pageSize)
            else { return try auditFoundDifference([number], walk) }
        }
    }

    /// The hole of the file that the slice lies in; nil also where the mirror has, or should have, data.
    private func hole(around slice: Range<UInt32>, _ walk: Walk) -> Range<UInt32>? {
        guard let hole = walk.hole(around: slice) else { return nil }
        return context.hashes.isHole(hole, of: file) ? hole : nil
    }

    /// Reads and compares one slice, or passes over the hole that it lies in. Returns what was looked at; nil
    /// when somebody may have written it without a journal to tell.
    private func readSlice(_ walk: Walk, _ slice: Range<UInt32>) throws -> Range<UInt32>? {
        let needsJournal = !walk.isOverLog && kind == .database
        let (events, transactions) = (contentEvents, journal.transactionsSeen)
        if needsJournal {
            guard try CalmWindow.isExplained(walk.file, journal: journal, &context.scratch) else {
                return nil
            }
        }
        let isForBase = walk.isForBase(slice)
        let hole = isForBase ? nil : hole(around: slice, walk)
        let count = slice.count * walk.pageSize.bytes
        let offset = PageNumber(slice.lowerBound).byteOffset(pageSize: walk.pageSize)
        let got =
            hole == nil ? try walk.file.readSparse(into: &context.sliceScratch, count: count, at: offset) : 0
        if needsJournal {
            context.drainEvents()
            guard self.walk === walk,
                try CalmWindow.isExplained(walk.file, journal: journal, &context.scratch),
                try contentEvents == events || journal.transactionsSeen != transactions
                    || journal.state(&context.scratch) != .absent
            else { return nil }
        }
        if let hole { return hole }
        if isForBase {
            put(.baseSlice(file, first: PageNumber(slice.lowerBound), bytes: sliceBytes(got, count)))
        } else {
            try compare(walk, slice, got, context.sliceScratch)
        }
        return slice
    }

    private func compare(_ walk: Walk, _ slice: Range<UInt32>, _ got: Int, _ bytes: [UInt8]) throws {
        let offset = PageNumber(slice.lowerBound).byteOffset(pageSize: walk.pageSize)
        let known = try walk.mirror?.readSparse(into: &context.mirrorScratch, count: got, at: offset) ?? 0
        let pages = walk.differences(slice, bytes, count: got, context.mirrorScratch, count: known) {
            context.hashes.holds($0, of: file, $1, walk.pageSize)
        }
        guard !pages.isEmpty else { return }
        if walk.purpose == .audit { try auditFoundDifference(pages.numbers, walk) } else { emit(pages, walk) }
    }

    private func auditFoundDifference(_ pages: [PageNumber], _ walk: Walk) throws {
        guard try pages.allSatisfy({ try isProven($0, walk) }) else {
            // The mirror is wrong, not what was captured.
            put(.prove(file, pages))
            return dropAudit()
        }
        if context.isPolled(name) {
            // Where no events come, this may be the first to see a change.
            return doubt(.missed("changes that no event tells are looked for in turns"))
        }
        context.meter.update { $0.auditDifferences += 1 }
        context.meter.tell(.auditDifference(path.printable))
        doubt(.missed("an audit found pages that differ from what was captured"))
    }

    /// Whether the mirror has the page as it was written.
    private func isProven(_ page: PageNumber, _ walk: Walk) throws -> Bool {
        let (size, offset) = (walk.pageSize, page.byteOffset(pageSize: walk.pageSize))
        let got = try walk.mirror?.read(into: &context.mirrorScratch, count: size.bytes, at: offset) ?? 0
        let scratch = context.mirrorScratch
        return unsafe context.hashes.holds(page, of: file, scratch.span.bytes.extracting(0..<got), size)
    }

    /// Hands over pages of a snapshot that is not whole yet.
    func emit(_ pages: PageSet, _ walk: Walk) {
        let shape = walk.shape ?? ImageShape(pageSize: walk.pageSize, pageCount: walk.pageCount)
        for index in pages.numbers.indices where pages.numbers[index] == PageNumber(1) {
            walk.learn(pageOne: pages[index])
        }
        put(
            .changes(
                Changes(
                    file: file,
                    time: .now,
                    event: .scan,
                    shape: shape,
                    startsFresh: walk.needsFreshStart,
                    pages: pages,
                    isFinal: false
                )
            )
        )
        walk.needsFreshStart = false
    }

    /// The slice in full length: what the file no longer has is zeros.
    private func sliceBytes(_ got: Int, _ count: Int) -> [UInt8] {
        var slice = context.queue.sliceBuffer(count)
        slice.replaceSubrange(..<got, with: context.sliceScratch[..<got])
        if got < count { slice.replaceSubrange(got..., with: repeatElement(0, count: count - got)) }
        return slice
    }
}
