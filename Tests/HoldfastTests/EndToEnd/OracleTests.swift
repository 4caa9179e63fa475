import TestSupport
import Testing

/// Every snapshot of what random writers did is a state that they committed, in order.
///
/// `scripts/test --long 3600 --filter Oracle` runs each mode for an hour.
@Suite("The oracle", .serialized)
struct OracleTests {
    @Test(
        "each snapshot is a committed state, in order, and the last is the live one",
        arguments: Workload.Mode.allCases
    )
    func snapshotsAreCommittedStates(mode: Workload.Mode) throws {
        var run = LongRun(rounds: 1)
        var states = 0
        var commits = 0
        while run.next() {
            let seed = UInt64.random(in: 0 ... .max)
            let result = try round(mode, seed: seed)
            states += result.states
            commits += result.commits
        }
        print("oracle, \(mode): \(states) states checked, \(commits) commits, \(run.count) rounds")
    }

    private func round(_ mode: Workload.Mode, seed: UInt64) throws -> (states: Int, commits: Int) {
        let protection = try Protection("")
        let workload = try Workload(in: protection.data, mode: mode, seed: seed)
        try protection.watch()
        let commits = try workload.run(writers: 3, steps: 16, seed: seed)
        try protection.sync()
        // A corrupt database would prove nothing: SQLite before 3.51.3 has a race of its own between
        // checkpoints.
        #expect(try SQLite3.sql("PRAGMA integrity_check;", on: workload.main) == "ok\n", "seed \(seed)")
        let hasGaps = try protection.log().contains { $0.event == "gap" }
        let hasLostCommits = workload.mainLedger.hasLostCommits || workload.secondLedger.hasLostCommits
        #expect(mode != .wal || !hasGaps || hasLostCommits, "seed \(seed)")
        var states = 0
        for (path, part, ledger) in [
            (workload.main, WorkloadPart.main, workload.mainLedger),
            (workload.second, .second, workload.secondLedger),
        ] {
            let seen = try check(protection, path, part, ledger, hasGaps: hasGaps, seed: seed)
            states += seen.count
            // What SQLite itself lost must at least be told.
            #expect(hasGaps || !ledger.hasLostCommits, "seed \(seed)")
            if mode.usesLog, !hasGaps {
                let missing = Set(ledger.numbers).subtracting(seen).sorted()
                #expect(missing.isEmpty, "seed \(seed): commits \(missing) of \(part) are missing")
            }
        }
        try protection.stop()
        try protection.check()
        return (states, commits)
    }

    /// Rebuilds every snapshot of one database; the numbers of the transactions that they end with.
    private func check(
        _ protection: Protection,
        _ path: String,
        _ part: WorkloadPart,
        _ ledger: CommitLedger,
        hasGaps: Bool,
        seed: UInt64
    ) throws -> [Int] {
        let copy = protection.folder.file("state.db")
        var seen: [Int] = []
        for snapshot in try protection.log() where snapshot.path == path && snapshot.event != "gap" {
            let sequence = try #require(snapshot.sequence)
            try protection.holdfast("restore", path, "--at", "\(sequence)", "--output", copy, "--force")
            let state = try CommittedState(of: copy, part)
            #expect(
                ledger.isKnown(state.number, state.proof),
                "seed \(seed): snapshot \(sequence) of \(part) is no committed state"
            )
            let goesBack = state.number < seen.last ?? 0
            #expect(!goesBack || ledger.hasLostCommits, "seed \(seed): snapshot \(sequence) goes back")
            seen.append(state.number)
        }
        #expect(
            try CommittedState(of: path, part) == CommittedState(of: copy, part),
            "seed \(seed): the last of \(part), gaps: \(hasGaps)"
        )
        return seen
    }
}
