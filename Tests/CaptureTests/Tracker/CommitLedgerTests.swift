import LinuxSystem
import RepositoryFormat
import Testing

@testable import Capture

@Suite("What a snapshot is called, and how many commits it stands for")
struct CommitLedgerTests {
    private func ledger(_ firstEvent: SnapshotEvent = .baseline, isNew: Bool = true) -> CommitLedger {
        CommitLedger(firstEvent: firstEvent, isNew: isNew, knownGoodUntil: .now)
    }

    @Test("the first snapshot of a file has a name of its own; later ones say what happened")
    func events() {
        var ledger = ledger(.created)
        #expect(ledger.event(isReplaced: true, isCommit: true) == .created)
        ledger.hasSnapshot()
        #expect(ledger.event(isReplaced: true, isCommit: true) == .replaced)
        #expect(ledger.event(isReplaced: false, isCommit: true) == .commit)
        #expect(ledger.event(isReplaced: false, isCommit: false) == .scan)
        ledger.isVoid(hasSnapshot: false)
        #expect(ledger.event(isReplaced: false, isCommit: true) == .created)
    }

    @Test("every commit counts of a file that is made, or becomes a database, while it is watched")
    func born() {
        #expect(ledger(.created).isBorn)
        var ledger = ledger()
        #expect(!ledger.isBorn)
        ledger.kindChanges(isDatabase: true, isReplaced: false)
        #expect(ledger.isBorn && ledger.isNew)
        #expect(ledger.event(isReplaced: false, isCommit: true) == .scan)
    }

    @Test("what a given-up scan has counted counts once for the next snapshot")
    func merged() {
        var ledger = ledger()
        var count = MergedCommits()
        count.add(3)
        ledger.scanGivenUp(count, through: 17)
        #expect(ledger.countedThrough == 17)
        ledger.add(2)
        let taken = ledger.takeMerged()
        #expect(taken.count == 5 && !taken.isUncertain)
        #expect(ledger.takeMerged().count == 0)
        ledger.add(nil)
        #expect(ledger.merged.isUncertain)
        ledger.fileIsGone()
        #expect(!ledger.merged.isUncertain && ledger.countedThrough == nil)
    }

    @Test("a commit alone is not counted as sharing its snapshot")
    func coalesced() {
        #expect(CommitLedger.coalesced(1, .commit) == 0)
        #expect(CommitLedger.coalesced(1, .created) == 0)
        #expect(CommitLedger.coalesced(1, .scan) == 1)
        #expect(CommitLedger.coalesced(4, .scan) == 4)
        #expect(CommitLedger.coalesced(0, .scan) == 0)
    }

    @Test("a count that nobody knows is a gap, unless it was told before")
    func tally() {
        #expect(CommitTally(orUncounted: nil) == .uncounted)
        #expect(CommitTally(orUncounted: 0).count == 0)
        #expect(CommitTally.unneeded.count == nil)
    }
}
