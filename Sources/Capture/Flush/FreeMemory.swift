import LinuxSystem

/// When memory that is free goes back to the system: after much work, in a quiet of `quiet` or once in
/// `interval`. The next burst would need it again, and getting it takes longer than a log leaves.
struct FreeMemory {
    /// Memory of the steps since it was last given back, in bytes.
    private var usedBytes = 0
    private var lastReturn: MonotonicInstant

    /// Past the comparison that follows a burst.
    static let quiet = Duration.seconds(3)
    static let interval = Duration.seconds(60)
    /// Less is not worth it.
    static let leastBytes = 2 << 20

    init(at now: MonotonicInstant) { lastReturn = now }

    mutating func used(_ byteCount: Int) { usedBytes += byteCount }

    /// Whether there is enough to give back in a quiet.
    var isWorthwhile: Bool { usedBytes >= Self.leastBytes }

    /// Whether it is to be given back even without a quiet.
    func isDue(at now: MonotonicInstant) -> Bool {
        isWorthwhile && lastReturn.duration(to: now) >= Self.interval
    }

    mutating func returned(at now: MonotonicInstant) {
        usedBytes = 0
        lastReturn = now
    }
}
