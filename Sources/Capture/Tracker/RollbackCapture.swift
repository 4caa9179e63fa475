import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// What was known of a file before a quiescent window of it was seen.
struct KnownState {
    let image: ObservedImage?
    let pending: PendingEvents
    let ledger: CommitLedger
    let content: SeenContent
    let bounds: ImageBounds
    /// A comparison goes on.
    let isScanning: Bool
    /// The hot journal that the comparison lays over the file.
    let scannedJournal: ContentStamp?
    /// The change counter of the state that a hot journal leads back to; nil when it is not known.
    var hotCounter: UInt32?
}

/// What may have changed, and whether the snapshot may contain an unknown number of commits.
struct QuiescentDecision {
    let changed: ChangedPages
    var isUncounted = false
}

/// Decides which pages transactions in rollback mode may have changed, and how many there were. Their
/// journals and locks tell it.
struct RollbackCapture {
    let journal: JournalWatch
    /// Since when a journal without a living writer has been seen.
    private var hotSince: MonotonicInstant?
    /// Somebody held the write lock at the last capture.
    private var wasLocked = false
    private var lockedWrite: LockedWrite?

    /// What a file was when `counter` was first seen in it under a lock without a journal.
    private struct LockedWrite {
        let counter: UInt32
        let writes: Int
        let since: MonotonicInstant
    }

    /// Locks and journal are not looked at in one instant: a journal counts as hot when it stays so.
    static let hotGrace = Duration.milliseconds(20)
    /// Content whose size is not what its header says has to be quiet for so long.
    private static let oddSizeQuiet = Duration.seconds(2)

    init(_ journal: JournalWatch) {
        self.journal = journal
    }

    /// The commits up to that window are in a snapshot, or in a comparison that goes on.
    mutating func captured(_ window: QuiescentWindow, _ state: inout CaptureState) {
        wasLocked = window.isLocked
        lockedWrite = nil
        journal.captured()
        state.ledger.allIsCounted()
        state.pending.contentCaptured()
    }

    mutating func fileIsGone() {
        (wasLocked, lockedWrite, hotSince) = (false, nil, nil)
        journal.captured()
    }
}

// Waiting
extension RollbackCapture {
    /// Whether the window's journal, if it looks hot, has done so for long enough.
    mutating func isSurelyHot(_ now: MonotonicInstant) -> Bool {
        let since = hotSince ?? now
        hotSince = since
        return since.duration(to: now) >= Self.hotGrace
    }

    mutating func isNotHot() { hotSince = nil }

    /// When to ask again for a lock that is held. It is released soon after the journal's deletion, so the
    /// first questions are frequent. A longer transaction ends with an event anyway, and a lock that is kept
    /// for a second is mostly kept for long.
    static func pauseWhileLocked(_ lastActivity: MonotonicInstant, _ now: MonotonicInstant) -> Duration {
        let waiting = lastActivity.duration(to: now)
        if waiting < .milliseconds(4) { return .microseconds(200) }
        return min(.seconds(30), max(waiting / 20, min(.milliseconds(50), waiting / 4)))
    }

    /// How long to wait before content is taken that no transaction explains; nil: take it. Its writer has to
    /// close it or to pause. With a size that its header does not say, only a longer pause counts.
    static func pauseForQuiet(
        _ window: QuiescentWindow,
        _ pending: PendingEvents,
        _ now: MonotonicInstant
    ) -> Duration? {
        guard let lastTouch = pending.lastTouch else { return nil }
        var quiet = PendingEvents.quiet
        if let header = window.parsedHeader, let count = header.trustedPageCount,
            count.byteCount(pageSize: header.pageSize) != window.sizeBytes
        {
            quiet = oddSizeQuiet
        } else if pending.isClosed {
            return nil
        }
        let waited = lastTouch.duration(to: now)
        return waited >= quiet ? nil : quiet - waited
    }

    /// Somebody holds the write lock, and there is no journal. Returns whether an unknown number of commits
    /// went by. `counter`: in the file now; `writes`: that events have told of.
    ///
    /// The writes of one transaction come close together: page 1 with the counter, then all others. A write
    /// 250 ms later under the same counter belongs to another one, which kept the lock (exclusive locking
    /// mode).
    mutating func sawLocked(_ counter: UInt32, writes: Int, _ now: MonotonicInstant) -> Bool {
        guard let before = lockedWrite, before.counter == counter else {
            lockedWrite = LockedWrite(counter: counter, writes: writes, since: now)
            return false
        }
        return before.since.duration(to: now) >= PendingEvents.quiet && writes != before.writes
    }
}

// What may have changed
extension RollbackCapture {
    func decide(_ window: QuiescentWindow, _ known: KnownState) throws -> QuiescentDecision {
        let header = window.parsedHeader
        let isSameKind = header != nil && header?.pageSize == known.image?.shape.pageSize
        guard known.pending.rescanReason == nil || known.isScanning,
            let counter = known.image?.changeCounter, let header, isSameKind
        else {
            let tally = window.isHot ? .unneeded : tallyWhereAllIsCompared(header, known)
            return everything(tally, isExplained: journal.hasNews || window.isHot)
        }
        if window.isHot { return decideHot(window, known, from: counter, header) }
        // Events of writes come late: what they tell may have been captured already.
        let isSeen =
            !known.pending.isTouched
            || known.content.isUnchanged(window.stamp, wholeBytes: CaptureState.wholeBytes)
        if !journal.hasNews, header.changeCounter == counter, isSeen {
            return QuiescentDecision(changed: .nothing)
        }
        let isOther = isOther(journal.finished.first?.pageOneBefore, known)
        switch verdict(from: counter, to: header, isOther: isOther) {
        case .named(let transactions) where !wasLocked || known.pending.runs <= transactions:
            // If the file grew by a large hole, the list of new pages would be too long.
            guard let pages = try namedPages(window, known) else {
                return everything(.exact(transactions), isExplained: true)
            }
            return QuiescentDecision(changed: .named(pages, transactions: transactions))
        case .named: return everything(tally(from: counter, to: header, known), isExplained: true)
        case .everything(let isExplained):
            return everything(tally(from: counter, to: header, known), isExplained: isExplained)
        }
    }

    private func decideHot(
        _ window: QuiescentWindow,
        _ known: KnownState,
        from counter: UInt32,
        _ header: DatabaseHeader
    ) -> QuiescentDecision {
        if known.isScanning {
            // The scan lays the journal over the file: as long as it is the same one, nothing else happens.
            return known.scannedJournal == window.hotJournal
                ? QuiescentDecision(changed: .nothing) : everything(.unneeded, isExplained: true)
        }
        // The dead writer's changes are not committed; what its journal began from is what was captured. But
        // in a journal that stays in place another transaction may have ended unseen.
        guard journal.hasNews || wasLocked || known.hotCounter != counter else {
            return QuiescentDecision(changed: .nothing)
        }
        return everything(tallyBeforeDeath(from: counter, header), isExplained: true)
    }

    private func everything(_ tally: CommitTally, isExplained: Bool) -> QuiescentDecision {
        QuiescentDecision(
            changed: .everything(transactions: tally.count, isExplained: isExplained),
            isUncounted: tally == .uncounted
        )
    }

    /// Whether a transaction began from another page 1 than the captured one, as far as both are known.
    private func isOther(_ pageOne: UInt64?, _ known: KnownState) -> Bool {
        guard let before = known.image?.pageOne, let pageOne else { return false }
        return before != pageOne
    }

    /// The pages that the finished journals name, and those behind the database as it was; ascending, each
    /// once. Nil when they are too many to list.
    private func namedPages(_ window: QuiescentWindow, _ known: KnownState) throws -> [PageNumber]? {
        guard let pageSize = known.image?.shape.pageSize else { return [] }
        let pageCount = try known.bounds.shape(pageSize, window).pageCount
        var pages = PageBitmap()
        if pageCount.contains(PageNumber(1)) { pages.insert(PageNumber(1)) }
        for evidence in journal.finished {
            for page in evidence.pages where pageCount.contains(page) { pages.insert(page) }
            pages.insert(pageCount.pages(behind: evidence.journalledPages))
        }
        var numbers: [PageNumber] = []
        var next: PageNumber? = PageNumber(1)
        while let from = next, let page = pages.first(from: from) {
            guard numbers.count < JournalEvidence.mostPages else { return nil }
            numbers.append(page)
            next = page.next
        }
        return numbers
    }
}

// How many commits
extension RollbackCapture {
    private func tally(from counter: UInt32, to header: DatabaseHeader, _ known: KnownState) -> CommitTally {
        CommitLedger.commits(from: counter, to: header, runs: known.pending.runs, wasLocked: wasLocked)
    }

    /// Commits since the last capture, or since the database was made, when its content is compared as a
    /// whole.
    private func tallyWhereAllIsCompared(_ header: DatabaseHeader?, _ known: KnownState) -> CommitTally {
        guard let header else { return .unneeded }
        let (ledger, pending) = (known.ledger, known.pending)
        switch pending.rescanReason {
        // It is another file, or a gap.
        case .replaced, .missed: return .unneeded
        case .firstLook where !ledger.isBorn: return .unneeded
        case .firstLook, .unexplained, nil: break
        }
        if let counter = known.image?.changeCounter ?? ledger.countedThrough {
            return tally(from: counter, to: header, known)
        }
        // An empty file is a database without a commit.
        let begins = known.image.map { $0.shape.byteCount == 0 } ?? (ledger.isBorn && ledger.isNew)
        guard begins, pending.isTouched || journal.hasNews else { return .unneeded }
        let first = journal.finished.first
        let before = first?.originalPages == PageCount(0) ? 0 : first?.counterBefore
        let count = CommitCount.sinceMade(
            counter: header.changeCounter,
            before: journal.unread == 0 ? before : nil,
            runs: pending.runs
        )
        return CommitTally(orUncounted: count)
    }

    /// Commits before the transaction amid which a writer died.
    private func tallyBeforeDeath(from counter: UInt32, _ header: DatabaseHeader) -> CommitTally {
        if case .named(let transactions) = verdict(from: counter, to: header) { return .exact(transactions) }
        return .uncounted
    }

    private func verdict(
        from counter: UInt32,
        to header: DatabaseHeader,
        isOther: Bool = false
    ) -> JournalChain.Verdict {
        JournalChain.verdict(
            captured: counter,
            counters: journal.finished.map(\.counterBefore),
            unread: journal.unread,
            now: header.changeCounter,
            isOther: isOther
        )
    }
}
