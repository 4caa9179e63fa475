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
/// 4. Its transaction is proven to be complete (`WALTail+Complete.swift`). A commit frame alone does not
///    prove it.
///
/// A reset does not erase. When the header has new salts, unread frames of the old generation are still
/// behind the new one's end. So the old chain is continued first, then the new one starts at its first frame.
/// `WALTail+Reset.swift` decides whether any frame was overwritten before it was read.
final class WALTail {
    /// The destination of the consumed commits.
    protocol Sink: AnyObject {
        /// One complete transaction. `pages` are in the log's order. If a page is there twice, the last one
        /// applies.
        func committed(_ pages: PageSet, databasePages: PageCount)
        /// Some pages of a transaction too large to hold; `committed` with the rest follows.
        func partOfCommit(_ pages: PageSet, databasePages: PageCount)
        /// False when no more commits are wanted now; read after every commit.
        var hasRoom: Bool { get }
        /// The same for a part of a commit, which cannot be held back.
        var hasRoomForParts: Bool { get }
    }

    enum Outcome {
        /// Everything committed was consumed.
        case current
        /// The sink has no room for the rest, or a new generation has just begun: poll again.
        case congested
        /// The chunk is used up, so that other files need not wait: poll again at once.
        case unfinished
        /// Everything was consumed except a last commit that its writer may still be completing.
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
    /// The number of bytes read in one call: some milliseconds, for which other files wait.
    static let chunkBytes = 4 << 20

    let log: PinnedFile
    let indexPath: FilePath
    /// The `-shm` file, kept open from when it appears or is first needed.
    var index: PinnedFile?
    /// Why it cannot be opened although it exists.
    var indexObstacle: SystemError?
    /// How far the log was consumed, always at a commit. Nil before the first header and after a truncation.
    var chain: WALChain?
    /// The wal-index's state when it last agreed with the consumed commits. Nil if it never did; a reset then
    /// cannot be distinguished from a loss.
    var mark: CommitMark?
    /// The last chain that was taken because the wal-index counted its frames. The header of the frame before
    /// it may be empty.
    var knownEnd: WALChain?
    /// The wal-index that the last user of an empty log left. It has no information about later commits.
    var leftIndex: WALIndexHeader?
    /// The bytes of the chunk that remain for the current call.
    var chunk = 0
    /// A transaction too large to hold, between two calls (`WALTail+Large.swift`).
    var large: LargeCommit?
    /// The search for its end.
    var search: CommitSearch?
    /// The proof that it is complete.
    var proof: CommitProof?
    /// The count of a generation's commits (`WALTail+Reset.swift`).
    var count: CommitCount?
    /// The pass over the log before its newest pages are collected (`WALTail+Overlay.swift`).
    var beginning: Beginning?
    /// The pages that are still to be collected; nil when all are.
    var uncollected: Uncollected?
    /// The number of commits that were in the log at the overlay; nil when it may have had others before.
    var overlaidCommits: Int?
    /// Size of the frames behind the last commit at the last scan: an open transaction, or remains.
    var unfinishedBytes = 0

    /// `isNew`: the log was made after everything before it had been captured.
    init(_ log: PinnedFile, indexPath: FilePath, isNew: Bool = false) {
        self.log = log
        self.indexPath = indexPath
        if isNew { mark = .birth }
    }

    /// Whether nothing is known of this log, not even an index.
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
        chunk = Self.chunkBytes
        try requireIndex()
        guard let header = try readHeader(&scratch) else { return try pollWithoutHeader(&scratch) }
        if let chain, chain.salts == header.salts {
            // After a rollback another process keeps the salts, but counts the log's generations by itself.
            if chain.frameCount == 0 { self.chain = WALChain(header: header) }
        } else {
            // The end of the old generation is still behind the new one.
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
        // A log without a name has no writer, unless another process has removed it.
        let isOver = !log.isNamed && !indexIsUsed
        var outcome = try consume(&scratch, into: sink, until: isOver ? .unlinked : .open)
        if outcome == .current || outcome == .unconfirmed, let index = try knownBeyondChain(&scratch) {
            // Usually the writer has just continued.
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

    /// Drops everything consumed. The next poll starts at the generation's first frame.
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

    /// A transaction that was read, and the chain at its end.
    private struct Commit {
        let pages: PageSet
        let databasePages: PageCount
        let end: WALChain
    }

    /// Follows the current chain to the last commit in the file. A commit that is followed by a valid frame
    /// is proven. The last one needs a proof of its own (`WALTail+Complete.swift`).
    private func consume(
        _ scratch: inout [UInt8],
        into sink: some Sink,
        until end: GenerationEnd
    ) throws(SystemError) -> Outcome {
        guard var reached = chain else { return .current }
        if large?.start == reached || search?.start == reached {
            if let outcome = try consumeLarge(&scratch, into: sink, until: end) { return outcome }
            guard chunk > 0 else { return sink.hasRoom ? .unfinished : .congested }
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
                pause = sink.hasRoom ? (chunk > 0 ? nil : .unfinished) : .congested
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
                // A new set, about as large as the next commit probably is. The old one, if emptied, would
                // keep the memory of the largest commit, and the queue holds thousands.
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
        return chunk > 0 ? try consume(&scratch, into: sink, until: end) : .unfinished
    }

    private func take(_ commit: Commit, into sink: some Sink) {
        chain = commit.end
        mark?.commitsSince &+= 1
        sink.committed(commit.pages, databasePages: commit.databasePages)
    }

    /// Passes every frame from `chain`'s end on to `body`, with its page and the chain behind it. Stops when
    /// `body` returns false, when a frame is not valid (`.end` is passed), or when the file ends.
    func scan(
        from chain: inout WALChain,
        _ scratch: inout [UInt8],
        _ body: (WALChain.Verdict, RawSpan, WALChain) throws(SystemError) -> Bool
    ) throws(SystemError) {
        let frameBytes = chain.frameBytes
        let start = chain.frameCount
        defer { unfinishedBytes = (chain.frameCount - start) * frameBytes }
        // Usually a few frames are new. So the first read is small, since bytes beyond them are copied for
        // nothing.
        var framesPerRead = max(1, (64 << 10) / frameBytes)
        while true {
            framesPerRead = min(framesPerRead, scratch.count / frameBytes)
            let offset = chain.offset(ofFrame: chain.frameCount)
            let got = try log.file.read(into: &scratch, count: framesPerRead * frameBytes, at: offset)
            let bytes = unsafe scratch.span.bytes
            for index in 0..<got / frameBytes {
                let frame = bytes.extracting(index * frameBytes..<(index + 1) * frameBytes)
                chunk -= frameBytes
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
