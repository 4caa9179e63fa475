package import LinuxSystem

/// When to flush: at once after quiet, then after a short quiet or at latest after a maximum delay.
///
/// A pure value; the recorder's thread asks it and sleeps until `deadline`.
package struct Debounce: Sendable {
    /// Quiet that ends a burst.
    package let quiet: Duration
    /// The longest that a change waits while others keep coming.
    package let maximumDelay: Duration

    /// When the oldest change that waits arrived.
    private var oldest: MonotonicInstant?
    private var newest = MonotonicInstant(nanoseconds: 0)
    /// The moment from which the next change counts as the first after quiet.
    private var calmFrom = MonotonicInstant(nanoseconds: .min)

    package init(quiet: Duration, maximumDelay: Duration) {
        self.quiet = quiet
        self.maximumDelay = max(quiet, maximumDelay)
    }

    /// A change arrived.
    package mutating func changed(at now: MonotonicInstant) {
        if oldest == nil { oldest = now }
        newest = now
    }

    /// Everything that waited was flushed.
    package mutating func flushed(at now: MonotonicInstant) {
        oldest = nil
        calmFrom = now.advanced(by: quiet)
    }

    /// When to flush; nil while nothing waits.
    package var deadline: MonotonicInstant? {
        guard let oldest else { return nil }
        if oldest >= calmFrom { return oldest }
        return min(newest.advanced(by: quiet), oldest.advanced(by: maximumDelay))
    }
}
