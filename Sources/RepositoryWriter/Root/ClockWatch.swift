import LinuxSystem
import RepositoryFormat

/// Notices that the wall clock was set, by a clock that nobody can set. Pure.
struct ClockWatch {
    private var last: (wall: Instant, steady: MonotonicInstant)?

    /// Less is how clocks drift apart, and the time between asking the one and the other.
    private static let leastStep = Int64(500_000_000)

    /// Takes what both clocks say, and returns how the wall clock was set since the last time.
    mutating func look(_ wall: Instant, _ steady: MonotonicInstant) -> ClockStep? {
        defer { last = (wall, steady) }
        guard let last else { return nil }
        let passed = last.steady.duration(to: steady).nanoseconds
        let (expected, isBeyond) = last.wall.nanoseconds.addingReportingOverflow(passed)
        guard !isBeyond else { return nil }
        let step = ClockStep(from: Instant(nanoseconds: expected), to: wall)
        return (step.nanoseconds?.magnitude ?? .max) < Self.leastStep ? nil : step
    }
}
