/// How long to wait before the next attempt: a random time up to a limit that doubles each time ("full
/// jitter"). So clients that failed together do not come back together.
package struct Backoff: Sendable {
    package static let first = Duration.seconds(1)
    package static let most = Duration.seconds(300)

    private var limit = Self.first
    private var state: UInt64

    /// - Parameter seed: the same one gives the same times.
    package init(seed: UInt64) {
        state = seed
    }

    /// The time before the next attempt.
    package mutating func next() -> Duration {
        defer { limit = min(limit * 2, Self.most) }
        // A fraction with 32 bits.
        return limit * Int(random() >> 32) / Int(UInt32.max)
    }

    /// SplitMix64.
    private mutating func random() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
