import Testing

@testable import Capture

@Suite("Snapshot of a scan")
struct ScanSnapshotTests {
    private func snapshot(isBase: Bool = false, isFreshStart: Bool = false) -> ScanSnapshot {
        ScanSnapshot(isBase: isBase, isFreshStart: isFreshStart, transactions: 3)
    }

    @Test("commits are merged until something was delivered that they can be applied to")
    func freshStart() {
        var fresh = snapshot(isFreshStart: true)
        fresh.took(2)
        #expect(fresh.merged.count == 2 && fresh.commitsTaken == 0)
        let (first, second) = (fresh.takeFreshStart(), fresh.takeFreshStart())
        #expect(first && !second && fresh.isFreshStart)
        fresh.took(1)
        #expect(fresh.merged.count == 2 && fresh.commitsTaken == 1)
    }

    @Test("the log's commits count once, if nothing of them is known")
    func log() {
        var fresh = snapshot(isFreshStart: true)
        fresh.countLog(4, isBorn: true)
        fresh.countLog(4, isBorn: true)
        #expect(fresh.merged.count == 4 && !fresh.merged.isUncertain)
        var base = snapshot(isBase: true)
        base.countLog(nil, isBorn: true)
        #expect(base.merged.isUncertain)
        var known = snapshot()
        known.countLog(4, isBorn: true)
        var old = snapshot(isFreshStart: true)
        old.countLog(nil, isBorn: false)
        #expect(known.merged.count == 0 && old.merged.count == 0 && !old.merged.isUncertain)
    }

    @Test("what a base has delivered counts for the next scan, what a comparison has delivered does not")
    func givenUp() {
        for isBase in [true, false] {
            var snapshot = snapshot(isBase: isBase)
            var before = MergedCommits()
            before.add(10)
            snapshot.begin(with: before)
            snapshot.merge(20)
            snapshot.took(100)
            #expect(snapshot.countGivenUp.count == (isBase ? 133 : 33))
        }
    }
}
