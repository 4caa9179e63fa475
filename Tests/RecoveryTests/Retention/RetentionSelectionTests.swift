import TestSupport
import Testing

@testable import History
@testable import RepositoryFormat

@Suite struct RetentionSelectionTests {
    private func select(_ index: SnapshotIndex, moments: Set<Int>) -> RetentionSelection {
        let reasons = index.entries.indices.map { moments.contains($0) ? RetentionReasons.last : [] }
        return RetentionSelection(index.entries, moments: reasons)
    }

    private func sequences(_ selection: RetentionSelection) -> [Int] {
        selection.reasons.indices.filter(selection.keeps).map { $0 + 1 }
    }

    @Test("of one file, its moments are its snapshots")
    func oneFile() {
        let index = SnapshotIndex.madeUp((1...5).map { .at($0, UInt64($0)) })
        #expect(sequences(select(index, moments: [1, 4])) == [2, 5])
    }

    @Test("with a moment stays what stands there of each file, however old, and deletions too")
    func scope() {
        let index = SnapshotIndex.madeUp([
            .at(1, 1, of: 1), .at(2, 2, of: 2, .created), .at(3, 3, of: 3, .created),
            .at(4, 4, of: 2, .deleted),
            .at(5, 5, of: 1), .at(6, 6, of: 3), .at(7, 7, of: 2, .created), .at(8, 8, of: 1),
        ])
        // At 5: file 1 at 5, file 2 deleted at 4, file 3 at 3. At 8: files 2 and 3 at 7 and 6.
        let selection = select(index, moments: [4, 7])
        #expect(sequences(selection) == [3, 4, 5, 6, 7, 8])
        #expect(selection.reasons[2] == .stateAtMoment && selection.reasons[4] == .last)
        #expect(selection.reasons.indices.filter(selection.isConsistentPoint) == [4, 7])
        #expect(sequences(select(index, moments: [7])) == [6, 7, 8])
    }

    @Test("with the last good one of a file no other file's state is kept, unless it takes no space")
    func lastGood() {
        let index = SnapshotIndex.madeUp([
            .at(1, 1, of: 1), .at(2, 2, of: 2), .at(3, 3, of: 1), .at(4, 4, of: 2), .at(5, 5, of: 1),
            .at(6, 6, of: 2), .at(7, 7, of: 1),
        ])
        // The fourth is good and nothing else: the third would be needed for a moment.
        let selection = RetentionSelection(index.entries, moments: [[], [], [], .lastGood, [], [], .last])
        #expect(sequences(selection) == [4, 6, 7])
        #expect(selection.reasons[3] == [.lastGood, .fileOnly] && !selection.isConsistentPoint(3))
        // One after a moment of that file only, and one that is chosen anyway.
        for reasons: RetentionReasons in [.lastGood, [.lastGood, .daily]] {
            let moments: [RetentionReasons] = [[], [], .last, reasons, [], [], .last]
            let selection = RetentionSelection(index.entries, moments: moments)
            #expect(selection.reasons.indices.filter(selection.isConsistentPoint) == [2, 3, 6])
        }
        // It is the file's state at a later moment as well.
        let later = RetentionSelection(index.entries, moments: [[], [], [], .lastGood, .last, [], .last])
        #expect(
            later.reasons[3] == [.lastGood, .fileOnly, .stateAtMoment] && sequences(later) == [4, 5, 6, 7]
        )
    }

    @Test("every kept moment gives the same files and contents as before, in random histories")
    func sameStates() {
        var random = SeededRandom()
        for _ in 0..<200 {
            let index = SnapshotIndex.random(&random, files: 6, count: 60)
            let moments = Set(
                index.entries.indices.filter { _ in Int.random(in: 0..<5, using: &random) == 0 }
            )
            let selection = select(index, moments: moments)
            let pruned = index.pruned(to: selection)
            for place in moments {
                let sequence = index.entries[place].sequence
                let (before, after) = (index.state(at: sequence), pruned.state(at: sequence))
                #expect(before.map(\.sequence) == after.map(\.sequence), "\(random)")
            }
            // Nothing is kept without need: what is kept stands at a moment.
            let needed = Set(moments.flatMap { index.state(at: index.entries[$0].sequence).map(\.sequence) })
            #expect(Set(pruned.entries.map(\.sequence)) == needed, "\(random)")
        }
    }
}
