import Testing

@testable import RepositoryFormat
@testable import RepositoryReader

@Suite("docs/FORMAT.md")
struct FormatPageTests {
    @Test("a reader written from the page alone reads what the writer wrote", arguments: 0..<30)
    func reference(round: Int) throws {
        var history = try RandomHistory(seed: .random(in: 0 ... .max))
        for _ in 0..<150 { try history.step() }
        try history.flush()
        try history.seal()
        let (snapshots, sealed, inDelta) = try ReferenceReader.read(
            history.test.root,
            try history.test.segments()
        )
        let isAllSealed = try history.hasFailed || sealed == history.test.segments().count - 1
        #expect(isAllSealed && (inDelta > 0 || sealed < 3), "\(history.random)")
        let listed = try history.test.snapshots().map(\.state.sequence.rawValue)
        #expect(snapshots.keys.sorted() == listed, "\(history.random)")
        for (index, wanted) in history.expected.enumerated() where !history.unkept.contains(index) {
            let got = snapshots[UInt64(index + 1)]
            let isSame =
                got?.bytes == wanted.bytes && got?.file == wanted.file.rawValue
                && got?.event == wanted.event.rawValue
            #expect(isSame, "\(history.random): snapshot \(index + 1)")
        }
    }
}
