import FoundationEssentials
import LinuxSystem

extension Instant {
    /// `2026-01-29T11:00:00Z`.
    var utcText: String {
        Date(timeIntervalSince1970: Double(nanoseconds / 1_000_000_000)).formatted(.iso8601)
    }
}
