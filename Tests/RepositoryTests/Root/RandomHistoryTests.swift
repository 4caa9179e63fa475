import LinuxFiles
import Repository
import TestSupport
import Testing

@Suite("Random histories")
struct RandomHistoryTests {
    @Test(
        "every snapshot rebuilds to exactly its bytes, after every flush and across reopening",
        arguments: 0..<12
    )
    func rebuilds(round: Int) throws {
        var history = try RandomHistory(seed: .random(in: 0 ... .max))
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
        let segments = try history.test.segments().count
        #expect(history.sealedCount == segments - 1, "\(history.random)")
        try history.verify()
        try expectSound(history)
        try history.reopen()
        try expectSound(history)
    }

    /// The check is clean, and the parts of the segments that snapshots own add up.
    private func expectSound(_ history: RandomHistory) throws {
        let findings = try history.test.findings()
        #expect(findings.isEmpty, "\(history.random): \(findings)")
        let records = try history.test.snapshots()
        #expect(
            records.map(\.state.sequence.rawValue) == Array(1..<UInt64(records.count + 1)),
            "\(history.random)"
        )
        #expect(
            zip(records, records.dropFirst()).allSatisfy { $0.state.time <= $1.state.time },
            "\(history.random)"
        )
        let stored = records.reduce(0) { $0 + $1.storedBytes }
        let held = try RootHistory(history.test.root).segmentBytes()
        #expect(stored <= held && held - stored < 20_000, "\(history.random): \(stored) of \(held)")
    }
}
