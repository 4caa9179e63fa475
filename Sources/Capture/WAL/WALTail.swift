import LinuxSystem
import RepositoryWriter
import SQLiteFiles
import SystemPackage

/// Follows one write-ahead log file commit by commit, without a lock.
///
/// What is consumed: frames behind the last consumed commit whose salts match and whose checksums chain
/// (`WALChain`), up to the last commit frame. Frames behind that are read again next time, since a
/// rollback overwrites them.
///
/// A commit frame alone proves nothing (`WALTail+Complete.swift`).
///
/// A reset does not erase: when the header carries new salts, the old generation's unread frames still stand
/// behind the new one's end, so the old chain is continued first, then the new one starts at its
/// first frame. Whether something was overwritten before it was read is decided in `WALTail+Reset.swift`.
final class WALTail {
    /// Where the consumed commits go.
    protocol Sink: AnyObject {
        /// One transaction, complete. `pages` are in the log's order; of a page that comes twice the last
        /// counts.
        func committed(_ pages: PageSet, databasePages: PageCount)
        /// Some pages of a transaction too large to hold; `committed` with the rest follows.
        func partOfCommit(_ pages: PageSet, databasePages: PageCount)
        /// False when no more is wanted now; asked after every commit.
        var hasRoom: Bool { get }
        /// The same for a part of a commit, which cannot be kept back.
        var hasRoomForParts: Bool { get }
    }

    enum Outcome {
        /// Everything committed was consumed.
        case current
        /// The sink has no room for the rest, or a new generation has just begun: ask again.
        case congested
        /// So much was read that others come first: ask again at once.
        case unfinished
        /// Everything was consumed but for a last commit that its writer may still be about to complete.
        case unconfirmed
        /// Commits may have been overwritten unread. The chain is gone.
        case lost
        /// SQLite no longer knows commits that were consumed. The chain is gone.
        case takenBack

        /// How single commits were lost; nil when none were.
        var loss: String? {
            switch self {
            case .current, .congested, .unfinished, .unconfirmed: nil
            case .lost: "the write-ahead log was overwritten before it was read"
            case .takenBack: "SQLite lost commits of its own when it recovered the write-ahead log"
            }
        }
    }

    /// Pages of one transaction held in memory; a larger one is read twice.
    static let heldBytes = 2 << 20
    /// About so much is read in one call, in bytes: some milliseconds, for other files wait meanwhile.
    static let sliceBytes = 4 << 20

    let log: PinnedFile
    let indexPath: FilePath
    /// The `-shm` file, held from when it appears or is first asked.
    var index: PinnedFile?
    /// Why it cannot be opened although it is there.
    var indexObstacle: SystemError?
    /// How far the log has been consumed, always at a commit; nil before the first header and after a
    /// truncation.
    var chain: WALChain?
    /// What the wal-index said when it last agreed with what was consumed; nil while it never did, and then a
    /// reset cannot be told from a loss.
    var mark: CommitMark?
    /// Where the chain was last taken on the wal-index's word: the header of the frame before may be empty.
    var knownEnd: WALChain?
    /// The wal-index that the last user of an empty log left: of what came before.
    var leftIndex: WALIndexHeader?
    /// What of the slice is left for the present call, in bytes.
    var slice = 0
    /// A transaction too large to hold, between two calls (`WALTail+Large.swift`).
    var large: LargeCommit?
    /// The search for its end.
    var search: CommitSearch?
    /// The proof that it is complete.
    var proof: CommitProof?
    /// The count of a generation's commits (`WALTail+Reset.swift`).
    var count: CommitCount?
    /// The way through the log before its newest pages are collected (`WALTail+Overlay.swift`).
    var beginning: Beginning?
    /// Where they are still to be collected; nil when all are.
    var uncollected: Uncollected?
    /// Commits that were in the log when it was gone through; nil when others may have been in it before.
    var overlaidCommits: Int?
    /// Size of the frames behind the last commit at the last scan: an open transaction, or remains.
    var unfinishedBytes = 0

    /// `isNew`: the log was made after everything before it had been captured.
    init(_ log: PinnedFile, indexPath: FilePath, isNew: Bool = false) {
        self.log = log
        self.indexPath = indexPath
        if isNew { mark = .birth }
    }

    /// Nothing has told anything of this log, not even an index.
    var hasSeenNothing: Bool { chain == nil && index == nil }

    /// Opens the log.
    convenience init(_ path: FilePath, indexPath: FilePath) throws(SystemError) {
        self.init(try PinnedFile(path), indexPath: indexPath)
    }

    /// Opens the log; nil when there is none.
    static func ifPresent(_ path: FilePath, indexPath: FilePath) throws(SystemError) -> WALTail? {
        do {
            return try WALTail(path, indexPath: indexPath)
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    /// Consumes what was committed since the last call.
    func poll(_ scratch: inout [UInt8], into sink: some Sink) throws(SystemError) -> Outcome {
        slice = Self.sliceBytes
        try requireIndex()
        guard let header = try readHeader(&scratch) else { return try pollWithoutHeader(&scratch) }
        if let chain, chain.salts == header.salts {
            // Of what was rolled back another process keeps the salts, but counts the log's generations by
            // itself.
            if chain.frameCount == 0 { self.chain = WALChain(header: header) }
        } else {
            // The old generation's end still stands behind the new one.
            let rescue = try consume(&scratch, into: sink, until: .reset(header))
            guard rescue == .current else {
                if rescue == .lost { forget() }
                return rescue
            }
            try consumeCounted(before: header, &scratch, into: sink)
            switch try nothingWasOverwritten(by: header, &scratch) {
            case true?: chain = WALChain(header: header)
            case nil: return .congested
            case false?:
                forget()
                return .lost
            }
        }
        if try wasTakenBack(&scratch) {
            forget()
            return .takenBack
        }
        // Without a name it has no writer, unless somebody else has removed it.
        let isOver = !log.isNamed && !indexIsUsed
        var outcome = try consume(&scratch, into: sink, until: isOver ? .unlinked : .open)
        if outcome == .current || outcome == .unconfirmed, let index = try knownBeyondChain(&scratch) {
            // Mostly the writer has just gone on.
            if mayHavePassedOver(index) { outcome = try consume(&scratch, into: sink, until: .open) }
            if outcome != .congested, outcome != .unfinished, let chain,
                Int(index.lastFrame) > chain.frameCount
            {
                outcome = try consumeKnown(to: index, &scratch, into: sink)
            }
        } else if isOver, outcome == .current, try !endWasCopied(&scratch), try endsInEmptyFrame(&scratch) {
            outcome = .lost
        }
        if outcome == .current { try updateMark(&scratch) }
        if outcome == .lost || outcome == .takenBack { forget() }
        return outcome
    }

    /// Forgets all that was consumed; the next poll starts at the generation's first frame.
    func forget() {
        (large, search, proof, count) = (nil, nil, nil, nil)
        (beginning, uncollected) = (nil, nil)
        chain = nil
        mark = nil
    }

    /// The header, nil while there is none or a part of one.
    func readHeader(_ scratch: inout [UInt8]) throws(SystemError) -> WALHeader? {
        let got = try log.file.read(into: &scratch, count: WALLayout.headerBytes, at: 0)
        guard got == WALLayout.headerBytes else { return nil }
        return try? unsafe WALHeader(scratch.span.bytes.extracting(0..<got))
    }

    /// A transaction that was read, and the chain behind it.
    private struct Commit {
        let pages: PageSet
        let databasePages: PageCount
        let end: WALChain
    }

    /// Follows the present chain to the last commit in the file. One that is followed by a valid frame is
    /// proven by that; the last needs a proof of its own (`WALTail+Complete.swift`).
    private func consume(
        _ scratch: inout [UInt8],
        into sink: some Sink,
        until end: GenerationEnd
    ) throws(SystemError) -> Outcome {
        guard var reached = chain else { return .current }
        if large?.start == reached || search?.start == reached {
            if let outcome = try consumeLarge(&scratch, into: sink, until: end) { return outcome }
            guard slice > 0 else { return sink.hasRoom ? .unfinished : .congested }
        }
        reached = chain ?? reached
        var pages = PageSet(pageSize: reached.pageSize)
        var last: Commit?
        var isTooLarge = false
        var pause: Outcome?
        try scan(from: &reached, &scratch) { (verdict, page, position) throws(SystemError) in
            if case .end = verdict { return false }
            if let commit = last.take() {
                take(commit, into: sink)
                pause = sink.hasRoom ? (slice > 0 ? nil : .unfinished) : .congested
                guard pause == nil else { return false }
            }
            switch verdict {
            case .end: return false
            case .page(let number):
                isTooLarge = pages.bytes.count >= Self.heldBytes
                if !isTooLarge { pages.append(number, page) }
                return !isTooLarge
            case .commit(let number, let databasePages):
                pages.append(number, page)
                last = Commit(pages: pages, databasePages: databasePages, end: position)
                // A new set, no larger than the next commit probably is: emptied, the old one would keep room
                // for the largest ever, and the queue holds thousands.
                pages = PageSet(pageSize: position.pageSize, reservingPages: min(pages.count, 32))
                return true
            }
        }
        if let pause { return pause }
        if let last {
            if let outcome = try proofMissing(last.end, end, &scratch) { return outcome }
            take(last, into: sink)
            return sink.hasRoom ? .current : .congested
        }
        guard isTooLarge else { return .current }
        if let outcome = try consumeLarge(&scratch, into: sink, until: end) { return outcome }
        guard sink.hasRoom else { return .congested }
        return slice > 0 ? try consume(&scratch, into: sink, until: end) : .unfinished
    }

    private func take(_ commit: Commit, into sink: some Sink) {
        chain = commit.end
        mark?.commitsSince &+= 1
        sink.committed(commit.pages, databasePages: commit.databasePages)
    }

    /// Hands every frame from `chain`'s end on to `body`, with its page and the chain behind it, until it
    /// returns false, a frame is not valid (`.end` is handed over) or the file ends.
    func scan(
        from chain: inout WALChain,
        _ scratch: inout [UInt8],
        _ body: (WALChain.Verdict, RawSpan, WALChain) throws(SystemError) -> Bool
    ) throws(SystemError) {
        let frameBytes = chain.frameBytes
        let start = chain.frameCount
        defer { unfinishedBytes = (chain.frameCount - start) * frameBytes }
        // Mostly a few frames are new: start small, since what is read beyond them is copied for nothing.
        var framesPerRead = max(1, (64 << 10) / frameBytes)
        while true {
            framesPerRead = min(framesPerRead, scratch.count / frameBytes)
            let offset = chain.offset(ofFrame: chain.frameCount)
            let got = try log.file.read(into: &scratch, count: framesPerRead * frameBytes, at: offset)
            let bytes = unsafe scratch.span.bytes
            for index in 0..<got / frameBytes {
                let frame = bytes.extracting(index * frameBytes..<(index + 1) * frameBytes)
                slice -= frameBytes
                let verdict = chain.accept(frame: frame)
                let page = frame.extracting(WALLayout.frameHeaderBytes..<frameBytes)
                guard try body(verdict, page, chain), verdict != .end else { return }
            }
            guard got == framesPerRead * frameBytes else { return }
            framesPerRead *= 2
        }
    }
}

extension WALTail.Sink {
    var hasRoomForParts: Bool { hasRoom }
}
