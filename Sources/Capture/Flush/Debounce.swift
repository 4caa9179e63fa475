import LinuxSystem

/// Decides when to flush: at once after an idle time, then after a short pause or at latest after a maximum
/// delay.
///
/// It is a pure value; the recorder's thread reads it and sleeps until `deadline`.
struct Debounce: Sendable {
    /// The pause that ends a burst.
    let quiet: Duration
    /// The longest that a change waits while others follow.
    let maximumDelay: Duration

    /// The arrival of the oldest change that waits.
    private var oldest: MonotonicInstant?
    private var newest = MonotonicInstant(nanoseconds: 0)
    /// From this moment on, the next change counts as the first after an idle time.
    private var calmFrom = MonotonicInstant(nanoseconds: .min)

    init(quiet: Duration, maximumDelay: Duration) {
        self.quiet = quiet
        self.maximumDelay = max(quiet, maximumDelay)
    }

    /// A change arrived.
    mutating func changed(at now: MonotonicInstant) {
        if oldest == nil { oldest = now }
        newest = now
    }

    /// Everything that waited was flushed.
    mutating func flushed(at now: MonotonicInstant) {
        oldest = nil
        calmFrom = now.advanced(by: quiet)
    }

    /// When to flush; nil while nothing waits.
    var deadline: MonotonicInstant? {
        guard let oldest else { return nil }
        if oldest >= calmFrom { return oldest }
        return min(newest.advanced(by: quiet), oldest.advanced(by: maximumDelay))
    }
}
