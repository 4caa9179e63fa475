package import LinuxSystem

// Moments as text, by integer arithmetic alone.
extension Instant {
    /// RFC 3339 in UTC with all nine digits of the fraction, for JSON: `2026-01-29T11:00:00.250000000Z`.
    package var rfc3339UTC: String {
        let time = LocalCalendar.utc.civilTime(at: self)
        return "\(time.dateText)T\(time.clockText).\(padded(nanosecond, to: 9))Z"
    }

    /// RFC 3339 with the offset of the zone, a fraction only if there is one: `2026-01-29T12:00:00.25+01:00`.
    /// It names the same moment as `self`, to the nanosecond.
    package func rfc3339(in calendar: LocalCalendar) -> String {
        // The format has whole minutes; old local mean times do not.
        let minutes = Int(calendar.offsetSeconds(unixSeconds) / 60)
        let time = LocalCalendar { _ in Int64(minutes * 60) }.civilTime(at: self)
        var fraction = padded(nanosecond, to: 9)
        while fraction.hasSuffix("0") { fraction.removeLast() }
        let offset = minutes.magnitude
        return "\(time.dateText)T\(time.clockText)" + (fraction.isEmpty ? "" : ".\(fraction)")
            + (minutes < 0 ? "-" : "+") + padded(Int(offset / 60), to: 2) + ":"
            + padded(Int(offset % 60), to: 2)
    }

    /// Local time to the second, truncated, for people: `2026-01-29 12:00:00`.
    package func localText(in calendar: LocalCalendar) -> String {
        let time = calendar.civilTime(at: self)
        return "\(time.dateText) \(time.clockText)"
    }

    /// Local time to the second as part of a name, which a WHEN accepts as well: `20260129-120000`.
    package func stamp(in calendar: LocalCalendar) -> String {
        let time = calendar.civilTime(at: self)
        return time.dateText.filter { $0 != "-" } + "-" + time.clockText.filter { $0 != ":" }
    }

    /// The time since then in its largest unit, truncated, for people: `3 min ago`, `1 day ago`. `now` within
    /// a second, `in 3 min` for a moment in the future.
    package func ageText(now: Instant) -> String {
        let isPast = self <= now
        // The difference of two Int64 always fits into a UInt64.
        let nanoseconds = UInt64(
            bitPattern: isPast ? now.nanoseconds &- self.nanoseconds : self.nanoseconds &- now.nanoseconds
        )
        let seconds = nanoseconds / 1_000_000_000
        let amount: String
        switch seconds {
        case 0: return "now"
        case ..<60: amount = "\(seconds) s"
        case ..<3600: amount = "\(seconds / 60) min"
        case ..<86_400: amount = "\(seconds / 3600) h"
        case ..<172_800: amount = "1 day"
        default: amount = "\(seconds / 86_400) days"
        }
        return isPast ? "\(amount) ago" : "in \(amount)"
    }

    /// The same of something that happened: `just now`, `3 min ago`.
    package func eventAgeText(now: Instant) -> String {
        let text = ageText(now: now)
        return text == "now" ? "just now" : text
    }
}

extension CivilTime {
    fileprivate var dateText: String {
        "\(padded(year, to: 4))-\(padded(month, to: 2))-\(padded(day, to: 2))"
    }

    fileprivate var clockText: String {
        "\(padded(hour, to: 2)):\(padded(minute, to: 2)):\(padded(second, to: 2))"
    }
}

/// A number that is not negative, padded with zeros.
private func padded(_ number: Int, to width: Int) -> String { number.magnitude.padded(to: width) }
