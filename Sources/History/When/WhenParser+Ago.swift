import LinuxSystem

// Spans of time before now.
extension WhenParser {
    /// `10m ago` if `spelled`, else the part after the dash of `-10m`.
    mutating func timeAgo(spelled: Bool) throws(WhenError) -> Instant {
        let elapsed = try elapsed(until: spelled ? "ago" : nil)
        let (nanoseconds, overflow) = now.nanoseconds.subtractingReportingOverflow(elapsed)
        guard !overflow else { throw timeOutOfRange }
        return Instant(nanoseconds: nanoseconds)
    }

    /// The part after `last`: a unit, one of which before now is meant.
    mutating func lastUnit() throws(WhenError) -> Instant {
        let unit = scanner.letters()
        let elapsed = try nanoseconds(perUnit: unit)
        guard scanner.isAtEnd, let elapsed, unit.count > 2, unit.last != "s" else {
            throw notUnderstood("after last comes minute, hour, day or week")
        }
        return Instant(nanoseconds: now.nanoseconds.subtractingReportingOverflow(elapsed).partialValue)
    }

    /// One or more numbers with their units, then the word `end` or nothing; in nanoseconds, not negative.
    mutating func elapsed(until end: String?) throws(WhenError) -> Int64 {
        var total: Int64 = 0
        var count = 0
        while !scanner.isAtEnd {
            if count > 0, let end, scanner.takeWord(end) {
                guard scanner.isAtEnd else { break }
                return total
            }
            let (sum, overflow) = total.addingReportingOverflow(try amount())
            guard !overflow else { throw timeOutOfRange }
            total = sum
            count += 1
            scanner.skipSpaces()
        }
        guard scanner.isAtEnd, count > 0, end == nil else { throw spanNotUnderstood }
        return total
    }

    private var spanNotUnderstood: WhenError {
        notUnderstood("a span of time is numbers with units (ms, s, m, h, days, weeks), as 1h30m ago")
    }

    /// One number with its unit: `90m`, `1.5 hours`.
    private mutating func amount() throws(WhenError) -> Int64 {
        guard let whole = scanner.number(), let fraction = scanner.fraction() else { throw spanNotUnderstood }
        scanner.skipSpaces()
        guard let unit = try nanoseconds(perUnit: scanner.letters()) else { throw spanNotUnderstood }
        guard !scanner.overflowed, let whole = Int64(exactly: whole) else { throw timeOutOfRange }
        let (product, tooLarge) = whole.multipliedReportingOverflow(by: unit)
        // The fraction is below one, so its share is below the unit; divided first, it cannot overflow.
        let share =
            unit / 1_000_000_000 * Int64(fraction) + unit % 1_000_000_000 * Int64(fraction) / 1_000_000_000
        let (sum, overflow) = product.addingReportingOverflow(share)
        guard !tooLarge, !overflow else { throw timeOutOfRange }
        return sum
    }

    private func nanoseconds(perUnit unit: String) throws(WhenError) -> Int64? {
        switch unit {
        case "month", "months", "year", "years", "y":
            throw notUnderstood("months and years differ in length: use days, or a date as 2026-01-29")
        case "ms", "msec", "millisecond", "milliseconds": 1_000_000
        case "s", "sec", "secs", "second", "seconds": 1_000_000_000
        case "m", "min", "mins", "minute", "minutes": 60 * 1_000_000_000
        case "h", "hr", "hrs", "hour", "hours": 3600 * 1_000_000_000
        case "d", "day", "days": 86_400 * 1_000_000_000
        case "w", "week", "weeks": 7 * 86_400 * 1_000_000_000
        default: nil
        }
    }
}
