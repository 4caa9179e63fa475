import LinuxSystem
import RepositoryWriter
import SQLiteFiles

/// Transactions that are too large to hold. Each is read twice: first up to its commit frame, then again in
/// parts. Both reads pause after a chunk so that other files need not wait, and continue with the next call.
extension WALTail {
    /// A transaction whose commit frame was found.
    struct LargeCommit {
        /// The chain before it, and the chain at its end.
        let start: WALChain
        let end: WALChain
        let databasePages: PageCount
        /// Whether it is proven to be complete.
        var isProven = false
        /// The chain after the last frame that was delivered.
        var reached: WALChain
    }

    /// A search for the commit frame behind `start`.
    struct CommitSearch {
        let start: WALChain
        /// Whether writers may continue the generation.
        let isOpen: Bool
        /// All frames before this belong to the transaction.
        var reached: WALChain
        /// The last frame that the wal-index knew when the search began.
        let knownFrame: UInt32?
        /// Whether the log was written since then.
        var isOld = false
    }

    /// A transaction that is read again to prove that it is complete.
    struct CommitProof {
        let end: WALChain
        var reached: WALChain
    }

    private enum Found {
        case commit(WALChain, databasePages: PageCount)
        case nothing(Outcome)
    }

    /// The log was written. A rollback may have led to a shorter transaction that the current search has
    /// passed.
    func wasWritten() { search?.isOld = true }

    /// Whether the search may have passed a commit that the index counts. If there is a search, it then
    /// starts over.
    func mayHavePassedOver(_ index: WALIndexHeader) -> Bool {
        guard let search, search.start == chain else { return true }
        guard search.knownFrame != index.lastFrame else { return false }
        self.search = nil
        return true
    }

    /// Consumes a transaction that is too large to hold; pauses when the sink has no room. Its frames are
    /// committed and remain until a reset. If they still chain at the end, nothing was overwritten meanwhile.
    /// Returns the outcome that stops it, or nil; `.current` when the transaction has not committed.
    func consumeLarge(
        _ scratch: inout [UInt8],
        into sink: some Sink,
        until generationEnd: GenerationEnd
    ) throws(SystemError) -> Outcome? {
        guard let start = chain else { return .current }
        if large?.start != start {
            switch try nextCommit(after: start, until: generationEnd, &scratch) {
            case .commit(let end, let databasePages):
                large = LargeCommit(start: start, end: end, databasePages: databasePages, reached: start)
            case .nothing(let outcome): return outcome
            }
        }
        guard let begun = large else { return .current }
        if !begun.isProven {
            if let outcome = try proofMissing(begun.end, generationEnd, &scratch) {
                // A commit that changed is searched again.
                let isKept =
                    switch outcome {
                    case .unfinished, .congested: true
                    case .unconfirmed: try stands(begun.end, &scratch)
                    default: false
                    }
                if !isKept { large = nil }
                return outcome
            }
            large?.isProven = true
        }
        guard sink.hasRoomForParts else { return .congested }
        return try handOver(begun, &scratch, into: sink)
    }

    private func handOver(
        _ begun: LargeCommit,
        _ scratch: inout [UInt8],
        into sink: some Sink
    ) throws(SystemError) -> Outcome? {
        let (end, databasePages) = (begun.end, begun.databasePages)
        var reached = begun.reached
        var pause: Outcome?
        let fullCount = Self.heldBytes / end.pageSize.bytes
        var pages = PageSet(pageSize: end.pageSize, reservingPages: fullCount)
        try scan(from: &reached, &scratch) { (verdict, page, position) throws(SystemError) in
            switch verdict {
            case .end: return false
            case .page(let number), .commit(let number, _): pages.append(number, page)
            }
            if position.frameCount == end.frameCount { return false }
            if pages.bytes.count >= Self.heldBytes {
                sink.partOfCommit(pages, databasePages: databasePages)
                large?.reached = position
                pause = sink.hasRoomForParts ? (chunk > 0 ? nil : .unfinished) : .congested
                guard pause == nil else { return false }
                pages = PageSet(pageSize: position.pageSize, reservingPages: fullCount)
            }
            return true
        }
        if let pause { return pause }
        large = nil
        // Committed frames remain until a checkpoint and a reset. If that happened meanwhile, only parts were
        // read.
        guard reached == end else { return .lost }
        chain = end
        mark?.commitsSince &+= 1
        sink.committed(pages, databasePages: databasePages)
        return nil
    }

    /// Whether the generation under `header` has a commit.
    func hasCommit(under header: WALHeader, _ scratch: inout [UInt8]) throws(SystemError) -> Bool {
        let start = WALChain(header: header)
        // Usually the index shows it at once.
        if let index = try readIndex(&scratch), index.hasSalts(of: start), index.lastFrame > 0 { return true }
        var reached = start
        var found = false
        try scan(from: &reached, &scratch) { (verdict, _, _) throws(SystemError) in
            if case .commit = verdict { found = true }
            return !found && verdict != .end
        }
        return found
    }

    /// The chain behind the next commit frame.
    ///
    /// If there is none yet, the next call continues the search from its end: later frames of the transaction
    /// chain on. But a rollback can remove frames that the search has passed. A shorter transaction may then
    /// commit before that place. The wal-index shows it (`mayHavePassedOver`). If no process uses an index,
    /// each search starts at the front. It is repeated if the log was written during it.
    private func nextCommit(
        after start: WALChain,
        until end: GenerationEnd,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> Found {
        let isOpen = if case .open = end { true } else { false }
        if search?.start != start || search?.isOpen != isOpen {
            let known = try readIndex(&scratch)?.lastFrame
            search = CommitSearch(start: start, isOpen: isOpen, reached: start, knownFrame: known)
        }
        var reached = search?.reached ?? start
        var found: Found?
        var isPaused = false
        try scan(from: &reached, &scratch) { (verdict, _, position) throws(SystemError) in
            if case .end = verdict { return false }
            if case .commit(_, let databasePages) = verdict {
                found = .commit(position, databasePages: databasePages)
            }
            isPaused = chunk <= 0
            return found == nil && !isPaused
        }
        if let found {
            search = nil
            return found
        }
        search?.reached = reached
        unfinishedBytes = (reached.frameCount - start.frameCount) * start.frameBytes
        if isPaused { return .nothing(.unfinished) }
        if isOpen, indexIsUsed { return .nothing(.current) }
        let isOld = isOpen && search?.isOld == true
        search = nil
        return .nothing(isOld ? .unconfirmed : .current)
    }
}
