import LinuxSystem
import RepositoryFormat
import SQLiteFiles

/// What a file was when it was first seen with that change counter, under a lock and without a journal.
struct LockedWrite {
    let counter: UInt32
    let events: Int
    let since: MonotonicInstant
}

/// How many commits share a snapshot. What nobody can count is a gap.
extension Tracker {
    /// Commits since the counter was that.
    func commits(from counter: UInt32, to header: DatabaseHeader) -> Int? {
        let passed = JournalChain.passed(from: counter, to: header.changeCounter)
        // Another database.
        if passed == 0, header.changeCounter != counter { return nil }
        let count = CommitCount.exact(passed: passed, runs: pending.runs, wasLocked: wasLocked)
        if count == nil { suspectUncounted() }
        return count
    }

    /// Commits since the last capture, or since the database was made, when its content is compared as a
    /// whole; nil when nobody can tell, or that is told already.
    func commitsWhereAllIsCompared(_ header: DatabaseHeader?) -> Int? {
        guard let header else { return nil }
        switch pending.rescanReason {
        // It is another file, or a gap.
        case .replaced, .missed: return nil
        case .firstLook where !isBorn: return nil
        case .firstLook, .unexplained, nil: break
        }
        if let counter = image?.changeCounter ?? countedThrough { return commits(from: counter, to: header) }
        // An empty file is a database without a commit.
        let begins = image.map { $0.shape.byteCount == 0 } ?? (isBorn && isNew)
        guard begins, pending.isTouched || journal.hasNews else { return nil }
        let first = journal.finished.first
        let before = first?.originalPages == PageCount(0) ? 0 : first?.counterBefore
        let count = CommitCount.sinceMade(
            counter: header.changeCounter,
            before: journal.unread == 0 ? before : nil,
            runs: pending.runs
        )
        if count == nil { suspectUncounted() }
        return count
    }

    /// Commits before the transaction amid which a writer died.
    func commitsBeforeDeath(from counter: UInt32, _ header: DatabaseHeader) -> Int? {
        let counters = journal.finished.map(\.counterBefore)
        let now = header.changeCounter
        if case .named(let transactions) = JournalChain.verdict(
            captured: counter,
            counters: counters,
            unread: journal.unread,
            now: now
        ) {
            return transactions
        }
        suspectUncounted()
        return nil
    }

    /// The commits up to that look are in a snapshot, or in a comparison that goes on.
    func allIsCounted(_ window: QuiescentWindow) {
        wasLocked = window.isLocked
        countedThrough = nil
        lockedWrite = nil
        journal.captured()
        pending.contentCaptured()
    }

    /// Somebody holds the write lock, and no journal tells what for.
    ///
    /// A transaction writes page 1 first, and with it the counter, and all else directly behind it. Who
    /// writes again much later under the same counter has committed before, and keeps the lock (exclusive
    /// locking mode).
    func noteLockedWrite(_ file: borrowing OpenFile, _ now: MonotonicInstant) throws(SystemError) {
        guard try journal.state(&context.scratch) == .absent else { return }
        missUnlock(now)
        let got = try file.read(into: &context.scratch, count: DatabaseLayout.headerBytes, at: 0)
        guard let counter = DatabaseHeader(front: context.scratch, got)?.changeCounter,
            counter != image?.changeCounter
        else { return }
        guard let before = lockedWrite, before.counter == counter else {
            lockedWrite = LockedWrite(counter: counter, events: contentEvents, since: now)
            return
        }
        let isLater = before.since.duration(to: now) >= PendingEvents.quiet
        if isLater, contentEvents != before.events { merged.addUnknown() }
    }

    /// What a snapshot says of the transactions in it, where the event does not tell.
    func coalesced(_ count: Int, _ event: SnapshotEvent) -> Int {
        // One alone shares it with no other.
        event == .commit || (count == 1 && event != .scan) ? 0 : count
    }

    /// The commits that no snapshot names yet; what nobody could count of them is a gap.
    func takeMerged() -> MergedCommits {
        if merged.isUncertain { suspectUncounted() }
        defer { merged = MergedCommits() }
        return merged
    }

    /// Commits share a snapshot, and nobody can tell how many: a gap.
    func suspectUncounted() {
        put(
            .gapSuspected(file, since: knownGoodUntil, reason: "commits that could not be counted one by one")
        )
    }
}
