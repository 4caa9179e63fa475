import LinuxSystem
import RepositoryWriter
import SQLiteFiles
import SystemPackage

/// Follows one write-ahead log file commit by commit, without a lock.
///
/// A frame is consumed if and only if:
/// 1. It follows the last consumed commit, and all frames in between are valid.
/// 2. It is valid: its salts match and its checksum chains (`WALChain`).
/// 3. It is not behind the last commit frame. Such frames are read again next time, since a rollback
///    overwrites them.
/// 4. Its transaction is proven to be complete (`CompletionProof`). A commit frame alone does not prove it.
///
/// A reset does not erase. When the header has new salts, unread frames of the old generation are still
/// behind the new one's end. So the old chain is continued first, then the new one starts at its first frame.
/// `ResetProof` decides whether any frame was overwritten before it was read.
final class WALTail {
    /// Whether anything can still follow the last commit of the generation.
    private enum GenerationEnd {
        /// Its writers continue.
        case open
        /// The log has lost its name: nothing follows.
        case unlinked
        /// The generation under this header follows.
        case reset(WALHeader)

        var isOpen: Bool { if case .open = self { true } else { false } }
    }

    var reader: WALReader
    private(set) var position: LogPosition
    /// The proof that the last commit is complete.
    private var completion = CompletionProof()
    private var reset = ResetProof()
    /// A transaction too large to hold, between two calls.
    private var large: LargeTransaction?
    private(set) var overlay = LogOverlay()

    init(_ log: PinnedFile, indexPath: FilePath, _ position: LogPosition = LogPosition()) {
        reader = WALReader(log, indexPath: indexPath)
        self.position = position
    }

    /// Opens the log; nil when there is none.
    static func ifPresent(_ path: FilePath, indexPath: FilePath) throws(SystemError) -> WALTail? {
        do {
            return WALTail(try PinnedFile(path), indexPath: indexPath)
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    var log: PinnedFile { reader.log }

    /// Whether a process uses the wal-index.
    var indexIsUsed: Bool { reader.index.isUsed }

    /// Whether nothing is known of this log, not even an index.
    var hasSeenNothing: Bool { position.chain == nil && !reader.index.isHeld }

    /// Continues from the saved position in the same log.
    func resume(_ position: LogPosition) { self.position = position }

    /// The log was written.
    func wasWritten() { large?.logWasWritten() }

    /// A process may have begun to use an unused index.
    func indexMayBeNew(_ scratch: inout [UInt8]) {
        guard position.mark != nil else { return }
        position.indexMayBeNew()
        // The next poll gets the same error, and reports it.
        try? position.markIfAgreeing(reader.index.read(&scratch))
    }

    /// Drops everything consumed. The next poll starts at the generation's first frame.
    func forget() {
        position.forget()
        (completion, reset, large) = (CompletionProof(), ResetProof(), nil)
        overlay.forget()
    }
}

// Polling
extension WALTail {
    /// Consumes what was committed since the last call.
    func poll(_ scratch: inout [UInt8], into sink: some Sink) throws(SystemError) -> Outcome {
        reader.beginChunk()
        try reader.index.require()
        guard let header = try reader.header(&scratch) else { return try pollWithoutHeader(&scratch) }
        var outcome = try enter(header, &scratch, into: sink)
        if outcome == .current { outcome = try pollGeneration(&scratch, into: sink) }
        if outcome.loss != nil { forget() }
        return outcome
    }

    /// The log was truncated, or has no valid header yet.
    func pollWithoutHeader(_ scratch: inout [UInt8]) throws(SystemError) -> Outcome {
        guard try log.file.status().sizeBytes < UInt64(WALLayout.headerBytes) else { return .current }
        let index = try reader.index.read(&scratch)
        let outcome = position.truncated(index, isUsed: reader.index.isUsed, isNamed: log.isNamed)
        if outcome == .lost { forget() }
        return outcome
    }

    /// Goes on to the generation under `header`, behind everything of the one before.
    private func enter(
        _ header: WALHeader,
        _ scratch: inout [UInt8],
        into sink: some Sink
    ) throws(SystemError) -> Outcome {
        if let chain = position.chain, chain.salts == header.salts {
            // After a rollback another process keeps the salts, but counts the log's generations by itself.
            if chain.frameCount == 0 { position.move(to: WALChain(header: header)) }
            return .current
        }
        // The end of the old generation is still behind the new one.
        let rescue = try consume(&scratch, into: sink, until: .reset(header))
        guard rescue == .current else { return rescue }
        let counted = try reset.countedCommits(before: header, position, &reader, &scratch)
        position.consumed(counted.count)
        for commit in counted { sink.committed(commit.pages, databasePages: commit.databasePages) }
        switch try reset.nothingWasOverwritten(by: header, position, &reader, &scratch) {
        case true?:
            position.move(to: WALChain(header: header))
            return .current
        case nil: return .congested
        case false?: return .lost
        }
    }

    private func pollGeneration(
        _ scratch: inout [UInt8],
        into sink: some Sink
    ) throws(SystemError) -> Outcome {
        if let index = try reader.index.read(&scratch) {
            let wasRolledBackByRecovery = try position.wasRolledBackByRecovery(
                by: index,
                isUsed: reader.index.isUsed
            ) {
                chain throws(SystemError) in try reader.has(chain, position, &scratch)
            }
            if wasRolledBackByRecovery { return .rolledBackByRecovery }
        }
        // A log without a name has no writer, unless another process has removed it.
        let isOver = !log.isNamed && !reader.index.isUsed
        var outcome = try consume(&scratch, into: sink, until: isOver ? .unlinked : .open)
        guard outcome == .current || outcome == .unconfirmed, let chain = position.chain else {
            return outcome
        }
        if let index = try reader.indexBeyond(chain, &scratch) {
            // Usually the writer has just continued.
            if mayHavePassedOver(index) { outcome = try consume(&scratch, into: sink, until: .open) }
            if outcome != .congested, outcome != .unfinished, let chain = position.chain,
                Int(index.lastFrame) > chain.frameCount
            {
                outcome = try consumeKnown(to: index, &scratch, into: sink)
            }
        } else if isOver, outcome == .current {
            let wasCopied = position.wasCopied(by: try reader.index.read(&scratch))
            if !wasCopied, try reader.hasEmptyFrame(behind: chain, &scratch) { return .lost }
        }
        if outcome == .current { position.markIfAgreeing(try reader.index.read(&scratch)) }
        return outcome
    }

    /// Whether a search for the end of a large transaction may have passed a commit that the index counts.
    /// It then starts over.
    private func mayHavePassedOver(_ index: WALIndexHeader) -> Bool {
        guard let large, large.isSearching(behind: position.chain) else { return true }
        guard large.mayHavePassedOver(index) else { return false }
        self.large = nil
        return true
    }
}

// Consuming
extension WALTail {
    /// A transaction that was read, and the chain at its end.
    private struct Commit {
        let pages: PageSet
        let databasePages: PageCount
        let end: WALChain
    }

    /// Follows the current chain to the last commit in the file. A commit that is followed by a valid frame
    /// is proven. The last one needs a proof of its own.
    private func consume(
        _ scratch: inout [UInt8],
        into sink: some Sink,
        until end: GenerationEnd
    ) throws(SystemError) -> Outcome {
        guard var start = position.chain else { return .current }
        if large?.start == start {
            if let outcome = try consumeLarge(&scratch, into: sink, until: end) { return outcome }
            guard !reader.isOverChunk else { return sink.hasRoom ? .unfinished : .congested }
            start = position.chain ?? start
        }
        var frames = FrameCursor(behind: start)
        var pages = PageSet(pageSize: start.pageSize)
        var last: Commit?
        while try reader.next(&frames, &scratch) {
            if let commit = last.take() {
                take(commit, into: sink)
                guard sink.hasRoom else { return .congested }
                guard !reader.isOverChunk else { return .unfinished }
            }
            guard frames.databasePages != nil || pages.bytes.count < WALReader.heldBytes else {
                if let outcome = try consumeLarge(&scratch, into: sink, until: end) { return outcome }
                guard sink.hasRoom else { return .congested }
                return try reader.isOverChunk ? .unfinished : consume(&scratch, into: sink, until: end)
            }
            unsafe pages.append(frames.page, scratch.span.bytes.extracting(frames.content))
            if let databasePages = frames.databasePages {
                last = Commit(pages: pages, databasePages: databasePages, end: frames.chain)
                // A new set, about as large as the next commit probably is. The old one, if emptied, would
                // keep the memory of the largest commit, and the queue holds thousands.
                pages = PageSet(pageSize: start.pageSize, reservingPages: min(pages.count, 32))
            }
        }
        guard let last else { return .current }
        if let outcome = try proofMissing(last.end, end, &scratch) { return outcome }
        take(last, into: sink)
        return sink.hasRoom ? .current : .congested
    }

    private func take(_ commit: Commit, into sink: some Sink) {
        position.consumed(to: commit.end)
        sink.committed(commit.pages, databasePages: commit.databasePages)
    }

    /// The outcome if the commit that ends at `commit` may not be taken; nil if it may.
    ///
    /// A writer that is killed before it updates the wal-index leaves a whole transaction that SQLite never
    /// commits. The other processes checkpoint, reset and delete the log without it. So once the generation
    /// is over, a commit that the index is known not to count is dropped.
    private func proofMissing(
        _ commit: WALChain,
        _ end: GenerationEnd,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> Outcome? {
        switch end {
        case .open:
            let isComplete = try completion.isComplete(commit, behind: position, &reader, &scratch)
            guard let isComplete else { return .unfinished }
            return isComplete ? nil : .unconfirmed
        case .unlinked:
            let index = try reader.index.read(&scratch)
            let isCounted = try position.isCounted(commit, by: index) { end throws(SystemError) in
                try reader.has(end, position, &scratch)
            }
            return isCounted ? nil : .lost
        case .reset(let header):
            switch try reset.uncounted(before: header, position.mark, &reader, &scratch) {
            // The index counts no further commit: this one never happened.
            case .commits(0): return .current
            case .later: return .congested
            case .commits, .unknown: return nil
            }
        }
    }

    /// Takes commits that the wal-index counts although the chain does not reach them.
    ///
    /// SQLite before 3.51 leaves such a log when a transaction with a spilled cache rolls back to a savepoint
    /// and then commits. Some frames then have empty checksums, and only the index shows that they are
    /// committed. The frames that it counts do not change until a reset. A reset writes the new salts
    /// into the index before it overwrites a frame. A later transaction that rewrites its own frames may
    /// start its checksums from the empty ones.
    private func consumeKnown(
        to index: WALIndexHeader,
        _ scratch: inout [UInt8],
        into sink: some Sink
    ) throws(SystemError) -> Outcome {
        guard let start = position.chain, let end = index.chain else { return .current }
        guard try reader.has(start, position, &scratch) else { return .rolledBackByRecovery }
        let frameCount = end.frameCount - start.frameCount
        // A comparison of the whole file needs no memory for it.
        guard frameCount * start.pageSize.bytes <= WALReader.heldBytes else { return .lost }
        guard let commits = try reader.unchained(behind: start, frames: frameCount, &scratch),
            try reader.isInGeneration(start, &scratch),
            try reader.index.read(&scratch)?.hasSalts(of: start) == true
        else { return .unconfirmed }
        position.move(toKnown: end)
        position.mark(index)
        for commit in commits { sink.committed(commit.pages, databasePages: commit.databasePages) }
        return sink.hasRoom ? .current : .congested
    }

    /// Consumes a transaction that is too large to hold; pauses when the sink has no room. Returns nil when
    /// it was handed over, `.current` when it has no commit yet, else the outcome that stops it.
    private func consumeLarge(
        _ scratch: inout [UInt8],
        into sink: some Sink,
        until end: GenerationEnd
    ) throws(SystemError) -> Outcome? {
        guard let start = position.chain else { return .current }
        if large?.continues(start, isOpen: end.isOpen) != true {
            large = try LargeTransaction(behind: start, isOpen: end.isOpen, &reader, &scratch)
        }
        switch try large?.search(&reader, &scratch) {
        case .found(let commit):
            if !commit.isProven {
                if let outcome = try proofMissing(commit.end, end, &scratch) {
                    // If its frames changed, the commit is searched again.
                    let isKept =
                        switch outcome {
                        case .unfinished, .congested: true
                        case .unconfirmed: try reader.has(commit.end, position, &scratch)
                        default: false
                        }
                    if !isKept { large = nil }
                    return outcome
                }
                large?.isProven()
            }
            guard sink.hasRoomForParts else { return .congested }
            return try handOver(commit, &scratch, into: sink)
        case .paused: return .unfinished
        case .waits, nil: return .current
        case .ended(let isOld):
            large = nil
            return isOld ? .unconfirmed : .current
        }
    }

    /// Hands over a large transaction in parts. Its frames are committed and remain until a checkpoint and a
    /// reset. If they still chain at the end, nothing was overwritten meanwhile.
    private func handOver(
        _ commit: LargeTransaction.Commit,
        _ scratch: inout [UInt8],
        into sink: some Sink
    ) throws(SystemError) -> Outcome? {
        let (end, databasePages) = (commit.end, commit.databasePages)
        let fullCount = WALReader.heldBytes / end.pageSize.bytes
        var frames = FrameCursor(behind: large?.reached ?? end)
        var pages = PageSet(pageSize: end.pageSize, reservingPages: fullCount)
        while try reader.next(&frames, &scratch) {
            unsafe pages.append(frames.page, scratch.span.bytes.extracting(frames.content))
            if frames.chain.frameCount == end.frameCount { break }
            guard pages.bytes.count >= WALReader.heldBytes else { continue }
            sink.partOfCommit(pages, databasePages: databasePages)
            large?.delivered(to: frames.chain)
            guard sink.hasRoomForParts else { return .congested }
            guard !reader.isOverChunk else { return .unfinished }
            pages = PageSet(pageSize: end.pageSize, reservingPages: fullCount)
        }
        large = nil
        // If a reset came meanwhile, only parts were read.
        guard frames.chain == end else { return .lost }
        position.consumed(to: end)
        sink.committed(pages, databasePages: databasePages)
        return nil
    }
}

// Laying the log over a file
extension WALTail {
    /// Starts over at the generation's first frame. Delivers the newest committed content of every page in
    /// the log once, in parts, as long as there is room. `covered` gets those pages. Afterwards everything
    /// committed so far counts as consumed. Until the last commit is found, nothing is consumed, and the
    /// caller must not call `poll`.
    func overlay(
        _ covered: inout PageBitmap,
        _ scratch: inout [UInt8],
        hasRoom: () -> Bool = { true },
        _ deliver: (PageSet, _ databasePages: PageCount) -> Void
    ) throws(SystemError) -> OverlayOutcome {
        forget()
        try reader.index.require()
        if let result = try overlay.begin(&position, &reader, &scratch) { return result }
        return try collect(&covered, &scratch, hasRoom: hasRoom, deliver)
    }

    /// Continues the overlay. If a page is in `covered` by then, a later commit has delivered it.
    func collect(
        _ covered: inout PageBitmap,
        _ scratch: inout [UInt8],
        hasRoom: () -> Bool,
        _ deliver: (PageSet, _ databasePages: PageCount) -> Void
    ) throws(SystemError) -> OverlayOutcome {
        reader.beginChunk()
        let early = try overlay.findLastCommit(&position, &reader, &scratch)
        let result =
            if let early { early } else {
                try overlay.collect(&covered, &reader, &scratch, hasRoom, deliver)
            }
        if result == .moved { forget() }
        return result
    }
}
