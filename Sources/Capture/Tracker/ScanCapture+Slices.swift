import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// How a scan goes on.
extension ScanCapture {
    /// Goes on until the time is over, once at least. `log`: the log that is followed.
    func step(
        until deadline: MonotonicInstant,
        _ state: inout CaptureState,
        _ journal: JournalWatch,
        _ log: WALTail?
    ) throws -> ScanStep {
        guard let scan else { return .done }
        let context = state.context
        repeat {
            guard context.queue.hasRoomForScan else {
                state.schedule.waitForRecorder()
                return .done
            }
            if scan.isOverLog, let log, log.overlay.isUnderWay {
                let step = try collect(scan, log, &state)
                if step != .done { return step }
                continue
            }
            if let first = scan.firstUnmarked, let log {
                scan.firstUnmarked = try log.reader
                    .addPages(of: log.position.chain, from: first, to: &scan.covered, &context.scratch)
                continue
            }
            if scan.isComplete {
                state.schedule.resume(with: .endScan)
                return .needsEvents
            }
            if let step = try takeChunk(scan, deadline, &state, journal) { return step }
        } while MonotonicInstant.now < deadline
        state.schedule.retry(in: .zero)
        return .done
    }

    /// Looks at the next chunk; nil when the scan may go on at once.
    private func takeChunk(
        _ scan: FileScan,
        _ deadline: MonotonicInstant,
        _ state: inout CaptureState,
        _ journal: JournalWatch
    ) throws -> ScanStep? {
        let context = state.context
        if let preimages = try scan.nextPreimages(limit: ChunkReader.shortBytes, &context.scratch) {
            return try lay(preimages, scan, &state)
        }
        let needsJournal = !scan.isOverLog && state.kind == .database
        let chunk = scan.pass.nextChunk(limit: needsJournal ? ChunkReader.shortBytes : ChunkReader.bytes)
        guard !chunk.isEmpty else {
            scan.pass.advance(past: chunk)
            return nil
        }
        let (writes, transactions) = (state.pending.contentWrites, journal.transactionsSeen)
        if needsJournal {
            // Else somebody may be writing it without a journal to tell.
            guard try QuiescentWindow.isExplained(scan.file, journal: journal, &context.scratch) else {
                state.schedule.retry(in: .microseconds(500))
                return .done
            }
        }
        let read = try ChunkReader(scan, state)
            .read(chunk, writes: writes, transactions: transactions, until: deadline)
        if needsJournal {
            state.schedule.resume(with: .proveChunk(read))
            return .needsEvents
        }
        return try take(read, scan, &state)
    }

    /// Takes the chunk that was read, unless somebody may have written it without a journal to tell, and goes
    /// on with the scan.
    func prove(
        _ read: ChunkRead,
        _ state: inout CaptureState,
        _ journal: JournalWatch,
        _ log: WALTail?
    ) throws -> ScanStep {
        let context = state.context
        guard let scan,
            try QuiescentWindow.isExplained(scan.file, journal: journal, &context.scratch),
            try state.pending.contentWrites == read.writes || journal.transactionsSeen != read.transactions
                || journal.state(&context.scratch) != .absent
        else {
            state.schedule.retry(in: .microseconds(500))
            return .done
        }
        if let step = try take(read, scan, &state) { return step }
        if MonotonicInstant.now < read.deadline {
            return try step(until: read.deadline, &state, journal, log)
        }
        state.schedule.retry(in: .zero)
        return .done
    }

    private func take(
        _ read: ChunkRead,
        _ scan: FileScan,
        _ state: inout CaptureState
    ) throws -> ScanStep? {
        let reader = ChunkReader(scan, state)
        if read.isForBase {
            state.outbox.put(reader.baseChunk(read))
        } else if read.hole == nil {
            let pages = try reader.differences(read)
            if let step = try take(differences: pages, scan, &state) { return step }
        }
        scan.pass.advance(past: read.pages)
        return nil
    }

    private func take(
        differences pages: PageSet,
        _ scan: FileScan,
        _ state: inout CaptureState
    ) throws -> ScanStep? {
        guard !pages.isEmpty else { return nil }
        if scan.purpose == .audit { return try auditFound(pages.numbers, scan, &state) }
        state.outbox.putPart(pages, of: scan)
        return nil
    }

    /// Takes pre-images of a hot journal for what the pages contain.
    private func lay(
        _ preimages: PageSet,
        _ scan: FileScan,
        _ state: inout CaptureState
    ) throws -> ScanStep? {
        let shape = scan.image.shape
        scan.took(preimages, shape: shape)
        if scan.purpose == .audit {
            scan.passOver(JournalEvidence(preimages, originalPages: shape.pageCount))
            guard let page = try ChunkReader(scan, state).firstDifference(preimages) else { return nil }
            return try auditFound([page], scan, &state)
        }
        state.outbox.putPart(preimages, of: scan)
        // Only now it is known from which state on the journals tell of changes.
        if !scan.isLayingHotJournal { state.image = ObservedImage(shape: shape, header: scan.image.header) }
        return nil
    }

    /// An audit found a difference on those pages.
    private func auditFound(
        _ pages: [PageNumber],
        _ scan: FileScan,
        _ state: inout CaptureState
    ) throws -> ScanStep {
        let reader = ChunkReader(scan, state)
        guard try pages.allSatisfy(reader.isProven) else {
            // The mirror is wrong, not what was captured.
            state.outbox.put(.prove(state.file, pages))
            return .dropAudit
        }
        if state.context.isPolled(state.name) {
            // Where no events come, this may be the first to see a change.
            return .rescan(.missed("changes that no event tells are looked for in turns"))
        }
        state.context.meter.update { $0.counters.auditDifferences += 1 }
        state.context.meter.notify(.auditDifference(state.path.printable))
        return .rescan(.missed("an audit found pages that differ from what was captured"))
    }
}

// What was in the log when the scan began
extension ScanCapture {
    /// Begins with what was in the log before the scan.
    func overlay(_ log: WALTail?, _ state: inout CaptureState) throws -> ScanStep {
        guard let scan else { return .done }
        scan.snapshot.begin(with: state.ledger.merged)
        guard let log else { return .done }
        state.pending.log = true
        let context = state.context
        let result = try log.overlay(
            &scan.covered,
            &context.scratch,
            hasRoom: { context.queue.hasRoomForScan },
            { emit($0, $1, scan, &state) }
        )
        return try took(result, scan, log, &state)
    }

    /// Goes on with the log's pages for which there was no room.
    private func collect(
        _ scan: FileScan,
        _ log: WALTail,
        _ state: inout CaptureState
    ) throws -> ScanStep {
        let context = state.context
        let result = try log.collect(
            &scan.covered,
            &context.scratch,
            hasRoom: { context.queue.hasRoomForScan },
            { emit($0, $1, scan, &state) }
        )
        return try took(result, scan, log, &state)
    }

    /// The log's last commit decides how long the image is, not the file.
    private func emit(
        _ pages: PageSet,
        _ databasePages: PageCount,
        _ scan: FileScan,
        _ state: inout CaptureState
    ) {
        guard let shape = try? state.bounds.shapeFromLog(scan.pageSize, databasePages) else { return }
        scan.image.learn(fromOverlay: shape)
        state.outbox.putPart(pages, of: scan)
    }

    private func took(
        _ result: OverlayOutcome,
        _ scan: FileScan,
        _ log: WALTail,
        _ state: inout CaptureState
    ) throws -> ScanStep {
        // What the log held when the comparison began is a part of the snapshot that ends it.
        if !log.overlay.isSearching {
            scan.snapshot.countLog(log.overlay.commits, isBorn: state.ledger.isBorn)
        }
        switch result {
        case .empty, .unfinished: return .done
        case .commits(let databasePages):
            scan.image.learn(fromOverlay: try state.bounds.shapeFromLog(scan.pageSize, databasePages))
            return .done
        case .moved: return .restart
        }
    }
}
