import LinuxSystem
import TestSupport
import Testing

@Suite("Universes")
struct RemoteUniverseTests {
    @Test("with writers, copies, readers, prune and faults as a seed says, what must hold does")
    func seeds() async throws {
        var run = LongRun(rounds: 40)
        var pruned = 0
        while run.next() {
            // In the long form each run has others.
            let seed = run.isLong ? .random(in: 0 ... .max) : UInt64(run.count)
            let universe = try RemoteUniverse(seed: seed)
            do {
                try await universe.run(steps: 60)
            } catch {
                Issue.record("\(error): \(universe.comment)")
            }
            pruned += universe.pruned
        }
        print("universes: \(run.count)")
        #expect(pruned > run.count, "prune removes something")
    }
}
