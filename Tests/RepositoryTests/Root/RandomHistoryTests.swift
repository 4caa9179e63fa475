import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader

@Suite("Random histories")
struct RandomHistoryTests {
    @Test(
        "every snapshot rebuilds to exactly its bytes, after every flush and across reopening",
        arguments: 0..<12
    )
    func rebuilds(round: Int) throws {
        var run = LongRun(rounds: 1)
        while run.next() { try rebuilds(seed: .random(in: 0 ... .max), damagesMirrors: round % 2 == 1) }
        if run.isLong { print("random histories: \(run.count) seeds") }
    }

    private func rebuilds(seed: UInt64, damagesMirrors: Bool) throws {
        var history = try RandomHistory(seed: seed, damagesMirrors: damagesMirrors)
        for step in 0..<120 {
            try history.step()
            if step % 30 == 29 {
                try history.flush()
                try history.verify()
            }
        }
        try history.flush()
        try history.verify()
        try history.reopen()
        try history.verify()
        try expectSound(history)
        try history.seal()
        let stream = StreamReader(root: history.test.root)
        for segment in try history.test.root.segments().dropLast() {
            let isSealed = try stream.header(of: segment).isSealed
            #expect(isSealed || history.hasFailed, "\(history.random): \(segment)")
        }
        try history.verify()
        try expectSound(history)
        try history.reopen()
        try expectSound(history)
    }

    /// The check is clean, and the parts of the segments that snapshots own add up.
    private func expectSound(_ history: RandomHistory) throws {
        let findings = try history.findings()
        #expect(findings.isEmpty, "\(history.random): \(findings)")
        let records = try history.test.snapshots()
        #expect(
            zip(records, records.dropFirst()).allSatisfy { $0.state.sequence < $1.state.sequence },
            "\(history.random)"
        )
        let stored = records.reduce(0) { $0 + $1.storedBytes }
        let held = try RootHistory(history.test.root).segmentBytes()
        #expect(stored <= held && held - stored < 20_000, "\(history.random): \(stored) of \(held)")
    }
}
