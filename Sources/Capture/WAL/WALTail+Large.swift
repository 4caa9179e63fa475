import LinuxSystem
import RepositoryWriter
import SQLiteFiles

/// Transactions that are too large to hold. Each is read twice: first to its commit frame, then once more in
/// parts. Both pause after a slice, so that no other file waits for it, and go on with the next call.
extension WALTail {
    /// A transaction whose commit frame was found.
    struct LargeCommit {
        /// The chain before it and behind it.
        let start: WALChain
        let end: WALChain
        let databasePages: PageCount
        /// It is proven to be complete.
        var isProven = false
        /// Behind the last frame that was handed over.
        var reached: WALChain
    }

    /// A search for the commit frame behind `start`.
    struct CommitSearch {
        let start: WALChain
        /// Writers may go on with the generation.
        let isOpen: Bool
        /// All frames before this belong to the transaction.
        var reached: WALChain
        /// The last frame that the wal-index knew when the search began.
        let knownFrame: UInt32?
        /// The log was written since then.
        var isOld = false
    }

    /// A transaction that is read once more, to know that it is complete.
    struct CommitProof {
        let end: WALChain
        var reached: WALChain
    }

    private enum Found {
        case commit(WALChain, databasePages: PageCount)
        case nothing(Outcome)
    }

    /// The log was written: a rollback may have led to a shorter transaction, which a search under way has
    /// passed.
    func wasWritten() { search?.isOld = true }

    /// Whether a commit that the index knows can be one that a search has passed: then it starts over.
    func mayHavePassedOver(_ index: WALIndexHeader) -> Bool {
        guard let search, search.start == chain else { return true }
        guard search.knownFrame != index.lastFrame else { return false }
        self.search = nil
        return true
    }

    /// Consumes a transaction that is too large to hold; pauses when the sink has no room. Its frames are
    /// committed and stay until a reset; whether they still chain shows in the end that nothing was
    /// overwritten meanwhile. Returns what hinders it, or nil; `.current` when it has not committed.
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
                // What does not stand any more is looked for anew.
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
                pause = sink.hasRoomForParts ? (slice > 0 ? nil : .unfinished) : .congested
                guard pause == nil else { return false }
                pages = PageSet(pageSize: position.pageSize, reservingPages: fullCount)
            }
            return true
        }
        if let pause { return pause }
        large = nil
        // Committed frames stay until a checkpoint and a reset; if that happened meanwhile, only parts were
        // read.
        guard reached == end else { return .lost }
        chain = end
        mark?.commitsSince &+= 1
        sink.committed(pages, databasePages: databasePages)
        return nil
    }

    /// Whether a commit stands in the generation under `header`.
    func hasCommit(under header: WALHeader, _ scratch: inout [UInt8]) throws(SystemError) -> Bool {
        let start = WALChain(header: header)
        // Mostly the index tells at once.
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
    /// When there is none yet, the search goes on from its end with the next call: whatever the transaction
    /// gains chains on. A rollback can take frames away that it has passed. Then a shorter transaction may
    /// commit before the place that it has reached: the wal-index knows that (`mayHavePassedOver`). Where no
    /// program uses one, each search starts at the front, and one amid which the log was written is made
    /// again.
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
            isPaused = slice <= 0
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
