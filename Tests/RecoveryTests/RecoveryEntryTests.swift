import RepositoryFormat
import Testing

@testable import History

@Suite("An entry of the recovery log") struct RecoveryEntryTests {
    @Test("survives as an annotation")
    func roundTrip() throws {
        let entry = RecoveryEntry(
            .restore,
            time: .unix(5),
            result: SequenceNumber(9),
            at: SequenceNumber(3),
            before: [
                FileID(1): SequenceNumber(8), FileID(2): SequenceNumber(8), FileID(4): SequenceNumber(7),
            ],
            tables: [RecoveryEntry.Table(path: "/a \"b\"", table: "t", lost: 1, regained: 2, changed: 3)],
            elapsed: .milliseconds(120),
            reason: "ÿ, of course"
        )
        let read = try #require(
            RecoveryEntry(
                entry.request.annotation(newest: SequenceNumber(50), time: .unix(5)),
                among: entry.before.keys.sorted()
            )
        )
        #expect(read.action == .restore && read.result == SequenceNumber(9) && read.at == SequenceNumber(3))
        #expect(read.before == entry.before && read.tables == entry.tables && read.reason == entry.reason)
        #expect(read.elapsed == .milliseconds(120))
    }

    @Test(
        "snapshots of files as text",
        arguments: [
            ("7:4 8:1-2", [1: 8, 2: 8, 4: 7]), ("3:1", [1: 3]), ("", [:]),
            ("5:1-3,7", [1: 5, 2: 5, 3: 5, 7: 5]),
        ] as [(String, [UInt32: UInt64])]
    )
    func text(text: String, numbers: [UInt32: UInt64]) {
        let snapshots = Dictionary(uniqueKeysWithValues: numbers.map { (FileID($0), SequenceNumber($1)) })
        #expect(FileSnapshots(snapshots).text == text)
        #expect(FileSnapshots(text, among: snapshots.keys.sorted())?.snapshots == snapshots)
    }

    @Test(
        "other text is refused",
        arguments: ["x", "1", "1:2-", "1:-2", "1:3-2", "1:1-4294967295", "a:1", "1:2-3-4"]
    )
    func malformed(text: String) {
        #expect(FileSnapshots(text, among: [FileID(1)]) == nil)
    }
}
