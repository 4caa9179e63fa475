/// Sizes and durations for people.
package enum Quantity {
    /// A size with one digit after the point, rounded: `512 B`, `1.2 MiB`.
    package static func text(bytes: UInt64) -> String {
        guard bytes >= 1024 else { return "\(bytes) B" }
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        for (place, unit) in units.enumerated() {
            let shift = UInt64(place + 1) * 10
            let remainder = bytes & ((1 << shift) - 1)
            let tenths = (bytes >> shift) * 10 + ((remainder * 10 + (1 << (shift - 1))) >> shift)
            // 1024.0, after rounding, is 1.0 of the next unit.
            if tenths < 10_240 || place == units.count - 1 { return "\(tenths / 10).\(tenths % 10) \(unit)" }
        }
        return "\(bytes) B"
    }

    /// `1 row`, `2 rows`.
    package static func text(rows count: Int) -> String { text(count, "row") }

    /// A count of things with a plural in "s": `1 file`, `2 files`.
    package static func text(_ count: some BinaryInteger, _ thing: String) -> String {
        "\(count) \(thing)\(count == 1 ? "" : "s")"
    }

    /// A long duration in its largest unit alone, truncated, but 1 minute or more: `5 min`, `3 h`, `12 days`,
    /// `4 months`, `2 years`.
    package static func roughText(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        let days = seconds / 86_400
        switch days {
        case ..<1: return seconds < 3600 ? "\(max(1, seconds / 60)) min" : "\(seconds / 3600) h"
        case ..<90: return text(days, "day")
        case ..<730: return text(days / 30, "month")
        default: return text(days / 365, "year")
        }
    }

    /// A duration in its one or two largest units, truncated: `250 ms`, `1.2 s`, `3 min 5 s`.
    package static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        if duration < .zero {
            // The most negative duration has no positive counterpart; the difference is not visible.
            return "-" + text(seconds == .min ? .seconds(Int64.max) : .zero - duration)
        }
        switch seconds {
        case 0:
            let microseconds = attoseconds / 1_000_000_000_000
            return microseconds < 1000 ? "\(microseconds) µs" : "\(microseconds / 1000) ms"
        case ..<60: return "\(seconds).\(attoseconds / 100_000_000_000_000_000) s"
        case ..<3600: return "\(seconds / 60) min \(seconds % 60) s"
        case ..<86_400: return "\(seconds / 3600) h \(seconds / 60 % 60) min"
        default: return "\(seconds / 86_400) d \(seconds / 3600 % 24) h"
        }
    }
}
