import LinuxSystem

/// Decides when free heap is returned to the system: after much work, once idle for `quiet` or once in
/// `interval`. The next burst would need it again. Allocating it again then takes too long for a log that is
/// being overwritten.
struct FreeMemory {
    /// The memory of steps since the heap was last returned, in bytes.
    private var usedBytes = 0
    private var lastReturn: MonotonicInstant

    /// Long enough for the comparison that follows a burst.
    static let quiet = Duration.seconds(3)
    static let interval = Duration.seconds(60)
    /// Returning less is not worthwhile.
    static let leastBytes = 2 << 20

    init(at now: MonotonicInstant) { lastReturn = now }

    mutating func used(_ byteCount: Int) { usedBytes += byteCount }

    /// Whether there is enough to return when idle.
    var isWorthwhile: Bool { usedBytes >= Self.leastBytes }

    /// Whether it must be returned even without an idle time.
    func isDue(at now: MonotonicInstant) -> Bool {
        isWorthwhile && lastReturn.duration(to: now) >= Self.interval
    }

    mutating func returned(at now: MonotonicInstant) {
        usedBytes = 0
        lastReturn = now
    }
}
