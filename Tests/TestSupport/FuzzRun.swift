/// The executions of a fuzzer, each with a seed of its own. The short form takes the same seeds each time, so
/// that even one that ends the process can be run again; the long form begins anywhere and says where.
package struct FuzzRun: ~Copyable {
    private let name: String
    private var run: LongRun
    private let firstSeed: UInt64

    /// - Parameter rounds: of the short form.
    package init(_ name: String, rounds: Int) {
        self.name = name
        run = LongRun(rounds: rounds)
        firstSeed = run.isLong ? .random(in: 1 << 32...1 << 62) : 1
        if run.isLong { print("\(name): seeds from \(firstSeed)") }
    }

    /// The random numbers of the next execution; nil after the last.
    package mutating func next() -> SeededRandom? {
        guard run.next() else { return nil }
        return SeededRandom(seed: firstSeed + UInt64(run.count))
    }

    deinit {
        print("\(name): \(run.count) executions")
    }
}
