import Glibc

/// A moment on the wall clock: nanoseconds since 1970-01-01T00:00:00Z (`CLOCK_REALTIME`). The clock may
/// jump; nothing orders events by it alone.
package struct Instant: Hashable, Comparable, Sendable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    init(_ raw: timespec) {
        nanoseconds = Int64(raw.tv_sec) &* 1_000_000_000 &+ Int64(raw.tv_nsec)
    }

    package static var now: Instant { readClock(CLOCK_REALTIME) }

    /// The time since then: zero for a moment in the future, and at most what nanoseconds can express.
    package var age: Duration {
        let (age, isBeyond) = Instant.now.nanoseconds.subtractingReportingOverflow(nanoseconds)
        return .nanoseconds(isBeyond && nanoseconds < 0 ? .max : max(0, isBeyond ? 0 : age))
    }

    package static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }
}

/// A moment on the clock that never jumps (`CLOCK_MONOTONIC`): for deadlines and ages within a process.
package struct MonotonicInstant: Hashable, Comparable, Sendable {
    /// Since an arbitrary start, usually boot.
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package static var now: MonotonicInstant {
        MonotonicInstant(nanoseconds: readClock(CLOCK_MONOTONIC).nanoseconds)
    }

    /// The clock that continues while the machine sleeps (`CLOCK_BOOTTIME`). It cannot be compared with
    /// `now`.
    package static var sinceBoot: MonotonicInstant {
        MonotonicInstant(nanoseconds: readClock(CLOCK_BOOTTIME).nanoseconds)
    }

    /// The moment after `duration`, at most the last that can be expressed.
    package func advanced(by duration: Duration) -> MonotonicInstant {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return MonotonicInstant(nanoseconds: overflow ? (nanoseconds < 0 ? .min : .max) : sum)
    }
    package func duration(to later: MonotonicInstant) -> Duration {
        .nanoseconds(later.nanoseconds &- nanoseconds)
    }

    package static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

extension Duration {
    /// Whole nanoseconds, clamped to what an `Int64` holds (292 years).
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, isBeyond) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow || isBeyond ? (seconds < 0 ? .min : .max) : sum
    }
}

func readClock(_ clock: clockid_t) -> Instant {
    var raw = timespec()
    unsafe clock_gettime(clock, &raw)
    return Instant(raw)
}
