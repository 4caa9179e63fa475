import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// A slice that was read into the context's buffer, and what was known before: nobody else uses that buffer
/// before the slice is taken.
struct SliceRead {
    let slice: Range<UInt32>
    /// The hole that it lies in: nothing was read.
    let hole: Range<UInt32>?
    let isForBase: Bool
    let byteCount: Int
    let events: Int
    let transactions: Int
    /// When others are to be looked at.
    let deadline: MonotonicInstant
}

/// What a comparison reads, slice by slice, and hands over.
extension Tracker {
    static let sliceBytes = 1 << 20
    private static let shortSliceBytes = 128 << 10

    /// Looks at the next slice. `ended`: it has to wait.
    func takeSlice(_ scan: FileScan, _ deadline: MonotonicInstant) throws -> ProcessStep {
        if let preimages = try scan.nextPreimages(limit: Self.shortSliceBytes, &context.scratch) {
            try lay(preimages, scan)
            return .done
        }
        // Between slices events are read: a journal lives for a millisecond, a log for many.
        let limit = scan.isOverLog || kind == .plain ? Self.sliceBytes : Self.shortSliceBytes
        let slice = scan.nextSlice(limit: limit)
        guard !slice.isEmpty else {
            scan.advance(past: slice)
            return .done
        }
        return try readSlice(scan, slice, deadline)
    }

    /// Takes pre-images of a hot journal for what the pages contain.
    private func lay(_ preimages: PageSet, _ scan: FileScan) throws {
        let shape = scan.shape ?? ImageSize(pageSize: scan.pageSize, pageCount: scan.pageCount)
        scan.took(preimages, shape: shape)
        guard scan.purpose == .audit else {
            emit(preimages, scan)
            // Only now it is known from which state on the journals tell of changes.
            if !scan.isLayingHotJournal { image = ObservedImage(shape: shape, header: scan.header) }
            return
        }
        for index in preimages.numbers.indices {
            let offset = preimages.numbers[index].byteOffset(pageSize: scan.pageSize)
            let size = scan.pageSize.bytes
            let got = try scan.mirror?.read(into: &context.mirrorScratch, count: size, at: offset) ?? 0
            let scratch = context.mirrorScratch
            let mirrored = unsafe scratch.span.bytes.extracting(0..<got)
            let number = preimages.numbers[index]
            guard mirrored.isEqual(to: preimages[index]),
                context.hashes.holds(number, of: file, mirrored, scan.pageSize)
            else { return try auditFoundDifference([number], scan) }
        }
    }

    /// The hole of the file that the slice lies in; nil also where the mirror has, or should have, data.
    private func hole(around slice: Range<UInt32>, _ scan: FileScan) -> Range<UInt32>? {
        guard let hole = scan.hole(around: slice) else { return nil }
        return context.hashes.isHole(hole, of: file) ? hole : nil
    }

    /// Reads one slice, or passes over the hole that it lies in. Waits when somebody may be writing it
    /// without a journal to tell.
    private func readSlice(
        _ scan: FileScan,
        _ slice: Range<UInt32>,
        _ deadline: MonotonicInstant
    ) throws -> ProcessStep {
        let needsJournal = !scan.isOverLog && kind == .database
        let (events, transactions) = (contentEvents, journal.transactionsSeen)
        if needsJournal {
            guard try QuiescentWindow.isExplained(scan.file, journal: journal, &context.scratch) else {
                return waitForSlice()
            }
        }
        let isForBase = scan.isForBase(slice)
        let hole = isForBase ? nil : hole(around: slice, scan)
        let count = slice.count * scan.pageSize.bytes
        let offset = PageNumber(slice.lowerBound).byteOffset(pageSize: scan.pageSize)
        let got =
            hole == nil ? try scan.file.readSparse(into: &context.sliceScratch, count: count, at: offset) : 0
        let read = SliceRead(
            slice: slice,
            hole: hole,
            isForBase: isForBase,
            byteCount: got,
            events: events,
            transactions: transactions,
            deadline: deadline
        )
        if needsJournal { return readEvents(before: .proveSlice(read)) }
        try take(read, scan)
        return .done
    }

    private func waitForSlice() -> ProcessStep {
        retry(in: .microseconds(500))
        return .ended
    }

    /// Takes the slice that was read, unless somebody may have written it without a journal to tell, and goes
    /// on with the scan.
    func proveSlice(_ read: SliceRead) throws -> ProcessStep {
        guard let scan,
            try QuiescentWindow.isExplained(scan.file, journal: journal, &context.scratch),
            try contentEvents == read.events || journal.transactionsSeen != read.transactions
                || journal.state(&context.scratch) != .absent
        else {
            _ = waitForSlice()
            return .done
        }
        try take(read, scan)
        if MonotonicInstant.now < read.deadline { return try stepScan(until: read.deadline) }
        if self.scan != nil { retry(in: .zero) }
        return .done
    }

    private func take(_ read: SliceRead, _ scan: FileScan) throws {
        if read.hole == nil {
            if read.isForBase {
                let count = read.slice.count * scan.pageSize.bytes
                let bytes = sliceBytes(read.byteCount, count)
                put(.baseSlice(file, first: PageNumber(read.slice.lowerBound), bytes: bytes))
            } else {
                try compare(scan, read.slice, read.byteCount, context.sliceScratch)
            }
        }
        scan.advance(past: read.hole ?? read.slice)
    }

    private func compare(_ scan: FileScan, _ slice: Range<UInt32>, _ got: Int, _ bytes: [UInt8]) throws {
        let offset = PageNumber(slice.lowerBound).byteOffset(pageSize: scan.pageSize)
        let known = try scan.mirror?.readSparse(into: &context.mirrorScratch, count: got, at: offset) ?? 0
        let pages = scan.differences(slice, bytes, count: got, context.mirrorScratch, count: known) {
            context.hashes.holds($0, of: file, $1, scan.pageSize)
        }
        guard !pages.isEmpty else { return }
        if scan.purpose == .audit { try auditFoundDifference(pages.numbers, scan) } else { emit(pages, scan) }
    }

    private func auditFoundDifference(_ pages: [PageNumber], _ scan: FileScan) throws {
        guard try pages.allSatisfy({ try isProven($0, scan) }) else {
            // The mirror is wrong, not what was captured.
            put(.prove(file, pages))
            return dropAudit()
        }
        if context.isPolled(name) {
            // Where no events come, this may be the first to see a change.
            return requireRescan(.missed("changes that no event tells are looked for in turns"))
        }
        context.meter.update { $0.auditDifferences += 1 }
        context.meter.tell(.auditDifference(path.printable))
        requireRescan(.missed("an audit found pages that differ from what was captured"))
    }

    /// Whether the mirror has the page as it was written.
    private func isProven(_ page: PageNumber, _ scan: FileScan) throws -> Bool {
        let (size, offset) = (scan.pageSize, page.byteOffset(pageSize: scan.pageSize))
        let got = try scan.mirror?.read(into: &context.mirrorScratch, count: size.bytes, at: offset) ?? 0
        let scratch = context.mirrorScratch
        return unsafe context.hashes.holds(page, of: file, scratch.span.bytes.extracting(0..<got), size)
    }

    /// Hands over pages of a snapshot that is not whole yet.
    func emit(_ pages: PageSet, _ scan: FileScan) {
        let shape = scan.shape ?? ImageSize(pageSize: scan.pageSize, pageCount: scan.pageCount)
        for index in pages.numbers.indices where pages.numbers[index] == PageNumber(1) {
            scan.learn(pageOne: pages[index])
        }
        put(
            .changes(
                Changes(
                    file: file,
                    time: .now,
                    event: .scan,
                    shape: shape,
                    startsFresh: scan.needsFreshStart,
                    pages: pages,
                    isFinal: false
                )
            )
        )
        scan.needsFreshStart = false
    }

    /// The slice in full length: what the file no longer has is zeros.
    private func sliceBytes(_ got: Int, _ count: Int) -> [UInt8] {
        var slice = context.queue.sliceBuffer(count)
        slice.replaceSubrange(..<got, with: context.sliceScratch[..<got])
        if got < count { slice.replaceSubrange(got..., with: repeatElement(0, count: count - got)) }
        return slice
    }
}
