import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// How a comparison of the whole file goes on.
extension Tracker {
    func stepScan(_ now: MonotonicInstant) throws -> ProcessStep {
        if scanning.isAuditing, !scanning.isUndisturbed(state.pending, journal) {
            dropAudit()
            return .done
        }
        return try stepScan(until: .now.advanced(by: ScanCapture.sliceTime))
    }

    /// Goes on until the time is over, once at least.
    private func stepScan(until deadline: MonotonicInstant) throws -> ProcessStep {
        repeat {
            guard let scan else { return .done }
            guard context.queue.hasRoomForScan else { return state.waitForRecorder() }
            switch scanning.next(logs.tail) {
            case .nothing: return .done
            case .collect: try collectFromLog(scan)
            case .mark(let first):
                scan.firstUnmarked = try scan.cover { covered in
                    try logs.tail?.markConsumed(from: first, in: &covered, &context.scratch)
                }
            case .end: return state.readEvents(before: .endScan)
            case .slice:
                switch try takeSlice(scan, deadline) {
                case .done: break
                case .ended: return .done
                case .needsEvents: return .needsEvents
                }
            }
        } while MonotonicInstant.now < deadline
        return goOnLater()
    }

    private func goOnLater() -> ProcessStep {
        if scan != nil { state.schedule.retry(in: .zero) }
        return .done
    }

    /// Looks at the next slice. `ended`: it has to wait, for somebody may be writing it without a journal to
    /// tell.
    private func takeSlice(_ scan: FileScan, _ deadline: MonotonicInstant) throws -> ProcessStep {
        if let preimages = try scan.nextPreimages(limit: SliceReader.shortBytes, &context.scratch) {
            try lay(preimages, scan)
            return .done
        }
        let needsJournal = !scan.isOverLog && kind == .database
        let slice = scan.nextSlice(limit: needsJournal ? SliceReader.shortBytes : SliceReader.bytes)
        guard !slice.isEmpty else {
            scan.advance(past: slice)
            return .done
        }
        let (writes, transactions) = (state.pending.contentWrites, journal.transactionsSeen)
        if needsJournal {
            guard try QuiescentWindow.isExplained(scan.file, journal: journal, &context.scratch) else {
                state.schedule.retry(in: .microseconds(500))
                return .ended
            }
        }
        let read = try reader(scan)
            .read(slice, writes: writes, transactions: transactions, until: deadline)
        if needsJournal { return state.readEvents(before: .proveSlice(read)) }
        try take(read, scan)
        return .done
    }

    /// Takes the slice that was read, unless somebody may have written it without a journal to tell, and goes
    /// on with the scan.
    func proveSlice(_ read: SliceRead) throws -> ProcessStep {
        guard let scan,
            try QuiescentWindow.isExplained(scan.file, journal: journal, &context.scratch),
            try state.pending.contentWrites == read.writes || journal.transactionsSeen != read.transactions
                || journal.state(&context.scratch) != .absent
        else { return state.retry(in: .microseconds(500)) }
        try take(read, scan)
        return MonotonicInstant.now < read.deadline ? try stepScan(until: read.deadline) : goOnLater()
    }

    private func take(_ read: SliceRead, _ scan: FileScan) throws {
        if read.isForBase {
            state.outbox.put(reader(scan).baseSlice(read))
        } else if read.hole == nil {
            try take(differences: reader(scan).differences(read), scan)
        }
        scan.advance(past: read.pages)
    }

    private func take(differences pages: PageSet, _ scan: FileScan) throws {
        guard !pages.isEmpty else { return }
        guard scan.purpose == .audit else { return state.outbox.putPart(pages, of: scan) }
        try auditFoundDifference(pages.numbers, scan)
    }

    /// Takes pre-images of a hot journal for what the pages contain.
    private func lay(_ preimages: PageSet, _ scan: FileScan) throws {
        let shape = scan.knownShape
        scan.took(preimages, shape: shape)
        guard scan.purpose == .audit else {
            state.outbox.putPart(preimages, of: scan)
            // Only now it is known from which state on the journals tell of changes.
            if !scan.isLayingHotJournal { state.image = ObservedImage(shape: shape, header: scan.header) }
            return
        }
        guard let page = try reader(scan).firstDifference(preimages) else { return }
        try auditFoundDifference([page], scan)
    }

    private func auditFoundDifference(_ pages: [PageNumber], _ scan: FileScan) throws {
        guard try pages.allSatisfy(reader(scan).isProven) else {
            // The mirror is wrong, not what was captured.
            state.outbox.put(.prove(file, pages))
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

    private func reader(_ scan: FileScan) -> SliceReader {
        SliceReader(scan: scan, file: file, context: context)
    }
}

// What was in the log when a comparison began
extension Tracker {
    /// Begins with what was in the log before the comparison.
    func overlayLog(_ scan: FileScan) throws {
        scan.merged = state.ledger.merged
        guard let log = logs.tail else { return }
        state.pending.log = true
        let hasRoom = { [queue = context.queue] in queue.hasRoomForScan }
        try take(scan, log) { covered in
            try log.overlay(&covered, &context.scratch, hasRoom: hasRoom) { pages, databasePages in
                emit(fromLog: pages, databasePages, scan)
            }
        }
    }

    /// Goes on with the log's pages for which there was no room.
    private func collectFromLog(_ scan: FileScan) throws {
        guard let log = logs.tail else { return }
        let hasRoom = { [queue = context.queue] in queue.hasRoomForScan }
        try take(scan, log) { covered in
            try log.collect(&covered, &context.scratch, hasRoom: hasRoom) { pages, databasePages in
                emit(fromLog: pages, databasePages, scan)
            }
        }
    }

    /// The log's last commit decides how long the image is, not the file.
    private func emit(fromLog pages: PageSet, _ databasePages: PageCount, _ scan: FileScan) {
        guard let shape = try? state.bounds.shapeFromLog(scan.pageSize, databasePages) else { return }
        scan.learn(fromOverlay: shape)
        state.outbox.putPart(pages, of: scan)
    }

    private func take(
        _ scan: FileScan,
        _ log: WALTail,
        _ overlay: (inout PageBitmap) throws -> WALTail.Overlay
    ) throws {
        let result = try scan.cover(overlay)
        if !scan.hasCountedLog, log.beginning == nil {
            scan.hasCountedLog = true
            // What the log held when the comparison began is a part of the snapshot that ends it.
            if state.ledger.isBorn { scan.count(log.overlaidCommits) }
        }
        switch result {
        case .empty, .unfinished: break
        case .commits(let databasePages):
            scan.learn(fromOverlay: try state.bounds.shapeFromLog(scan.pageSize, databasePages))
        case .moved: restartScan(.now)
        }
    }
}
