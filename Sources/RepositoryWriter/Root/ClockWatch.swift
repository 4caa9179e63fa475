import LinuxSystem
import RepositoryFormat

/// Detects that the wall clock was set, by comparison with a clock that nobody can set. It does no I/O.
struct ClockWatch {
    private var last: (wall: Instant, steady: MonotonicInstant)?

    /// Smaller differences are drift between the clocks, or the time between the two readings.
    private static let leastStep = Int64(500_000_000)

    /// Takes the readings of both clocks. Returns by how much the wall clock was set since the last call.
    mutating func record(_ wall: Instant, _ steady: MonotonicInstant) -> ClockStep? {
        defer { last = (wall, steady) }
        guard let last else { return nil }
        let passed = last.steady.duration(to: steady).nanoseconds
        let (expected, isBeyond) = last.wall.nanoseconds.addingReportingOverflow(passed)
        guard !isBeyond else { return nil }
        let step = ClockStep(from: Instant(nanoseconds: expected), to: wall)
        return (step.nanoseconds?.magnitude ?? .max) < Self.leastStep ? nil : step
    }
}
