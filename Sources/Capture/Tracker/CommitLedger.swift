import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// How many commits a snapshot stands for.
enum CommitTally: Equatable {
    case exact(Int)
    /// An unknown number, which is a gap.
    case uncounted
    /// No number is needed: it is a gap already, or was counted before.
    case unneeded

    var count: Int? {
        if case .exact(let count) = self { count } else { nil }
    }

    init(orUncounted count: Int?) {
        self = count.map { .exact($0) } ?? .uncounted
    }
}

/// What of a file's commits is in no snapshot yet, and what the next snapshot is called. A pure decision.
struct CommitLedger {
    /// What the first snapshot of this run is called when there is no image yet.
    private var firstEvent: SnapshotEvent
    /// No snapshot of the file as it is now exists.
    private(set) var isNew: Bool
    /// It was made, or became a database, while it was watched: every commit from its first on counts.
    private(set) var isBorn: Bool
    /// Commits that no snapshot names yet: before the first capture, or of a comparison that was given up.
    private(set) var merged = MergedCommits()
    /// The change counter of a state that was given up. All commits before it are in `merged`.
    private(set) var countedThrough: UInt32?
    /// Everything committed before this was handed over.
    private(set) var capturedThrough: MonotonicInstant?
    /// When single commits may first have been missed, for the gap's start.
    private(set) var knownGoodUntil: Instant

    init(firstEvent: SnapshotEvent, isNew: Bool, knownGoodUntil: Instant) {
        self.firstEvent = firstEvent
        self.isNew = isNew
        isBorn = firstEvent == .created
        self.knownGoodUntil = knownGoodUntil
    }
}

// Time
extension CommitLedger {
    mutating func captured(through now: MonotonicInstant) { capturedThrough = now }

    /// What was captured before was not all.
    mutating func wasIncomplete() { capturedThrough = nil }

    /// Later gaps begin here.
    mutating func isKnownGood(until now: Instant) { knownGoodUntil = now }
}

// The file's life
extension CommitLedger {
    /// The file is gone. One that takes its name is another one.
    mutating func fileIsGone() {
        firstEvent = .created
        isNew = true
        isBorn = true
        merged = MergedCommits()
        countedThrough = nil
    }

    /// The file has an image, and is of the other kind from now on.
    mutating func kindChanges(isDatabase: Bool, isReplaced: Bool) {
        if isDatabase { isBorn = true }
        countedThrough = nil
        isNew = true
        firstEvent = isReplaced ? .replaced : .scan
    }

    /// What was handed over is void.
    mutating func isVoid(hasSnapshot: Bool) { isNew = !hasSnapshot }

    /// A whole snapshot was handed over.
    mutating func hasSnapshot() { isNew = false }

    /// What the next snapshot is called. `isReplaced`: another file took the name. `isCommit`: it is one
    /// commit alone.
    func event(isReplaced: Bool, isCommit: Bool) -> SnapshotEvent {
        if isNew { return firstEvent }
        if isReplaced { return .replaced }
        return isCommit ? .commit : .scan
    }
}

// Counting
extension CommitLedger {
    /// What a snapshot says of the transactions in it, where the event does not tell.
    static func coalesced(_ count: Int, _ event: SnapshotEvent) -> Int {
        // One alone shares it with no other.
        event == .commit || (count == 1 && event != .scan) ? 0 : count
    }

    /// All commits up to now are in a snapshot, or in a comparison that goes on.
    mutating func allIsCounted() { countedThrough = nil }

    mutating func addUnknown() { merged.addUnknown() }

    /// Commits in a log that came and went; nil: nobody can count them.
    mutating func add(_ count: Int?) {
        if let count { merged.add(count) } else { merged.addUnknown() }
    }

    /// A comparison is over, and its count is taken with `takeMerged`.
    mutating func scanEnded(_ merged: MergedCommits) { self.merged = merged }

    /// A comparison was given up: what it has counted counts for the next one. `through`: the change counter
    /// up to which it did.
    mutating func scanGivenUp(_ merged: MergedCommits, through counter: UInt32?) {
        self.merged = merged
        countedThrough = counter
    }

    /// The commits that no snapshot names yet.
    mutating func takeMerged() -> MergedCommits {
        defer { merged = MergedCommits() }
        return merged
    }

    /// Commits since the counter was that.
    static func commits(
        from counter: UInt32,
        to header: DatabaseHeader,
        runs: Int,
        wasLocked: Bool
    ) -> CommitTally {
        let passed = JournalChain.passed(from: counter, to: header.changeCounter)
        // Another database.
        if passed == 0, header.changeCounter != counter { return .unneeded }
        return CommitTally(
            orUncounted: CommitCount.exact(passed: passed, runs: runs, wasLocked: wasLocked)
        )
    }
}
