import LinuxSystem

// Dates, times of day and Unix time.
extension WhenParser {
    /// `2026-01-29`, `2026-01-29 12:00[:00[.25]]` and, with an offset at its end, RFC 3339.
    mutating func dateAndTime() throws(WhenError) -> Instant {
        guard let year = scanner.digits(4), scanner.take("-"), let month = scanner.digits(2),
            scanner.take("-"), let day = scanner.digits(2)
        else { throw notUnderstood("a date is year-month-day, as 2026-01-29") }
        var time = try civilDate(year: year, month: month, day: day)
        if scanner.isAtEnd { return try localInstant(time) }

        guard scanner.takeAny("Tt") || scanner.skipSpaces() else {
            throw notUnderstood("after a date comes a time of day, as 2026-01-29 12:00:00")
        }
        try readClock(into: &time)
        scanner.skipSpaces()
        if scanner.isAtEnd { return try localInstant(time) }
        return try instant(time, offsetSeconds: try offset())
    }

    /// `20260129-120000`.
    mutating func stamp() throws(WhenError) -> Instant {
        guard let year = scanner.digits(4), let month = scanner.digits(2), let day = scanner.digits(2),
            scanner.take("-"), let hour = scanner.digits(2), let minute = scanner.digits(2),
            let second = scanner.digits(2), scanner.isAtEnd
        else { throw notUnderstood("a stamp is eight digits, a dash and six digits, as 20260129-120000") }
        var time = try civilDate(year: year, month: month, day: day)
        try setClock(of: &time, hour: hour, minute: minute, second: second)
        return try localInstant(time)
    }

    /// `14:00`, `14:00:30`, `9:30:00.5` on the day that is `days` from today. Without a time it is that day's
    /// midnight.
    mutating func timeOfDay(daysFromToday days: Int64) throws(WhenError) -> Instant {
        let today = calendar.civilTime(at: now).secondsSince1970
        var time = CivilTime(secondsSince1970: today + days * 86_400, nanosecond: 0)
        (time.hour, time.minute, time.second) = (0, 0, 0)
        if scanner.isAtEnd { return try localInstant(time) }
        try readClock(into: &time)
        guard scanner.isAtEnd else { throw notUnderstood("a time of day is as 14:00 or 14:00:30") }
        return try localInstant(time)
    }

    /// The part after `@`: seconds since the epoch with or without fraction, negative before 1970.
    mutating func unixTime() throws(WhenError) -> Instant {
        let isNegative = scanner.take("-")
        guard let whole = scanner.number(), let fraction = scanner.fraction(), scanner.isAtEnd else {
            throw notUnderstood("after @ come seconds since 1970, as @1769688000.5")
        }
        guard !scanner.overflowed, let seconds = Int64(exactly: whole) else { throw timeOutOfRange }
        let instant =
            switch (isNegative, fraction) {
            case (false, _): Instant(unixSeconds: seconds, nanosecond: fraction)
            case (true, 0): Instant(unixSeconds: -seconds, nanosecond: 0)
            case (true, _): Instant(unixSeconds: -seconds - 1, nanosecond: 1_000_000_000 - fraction)
            }
        guard let instant else { throw timeOutOfRange }
        return instant
    }
}

// Their parts.
extension WhenParser {
    var timeOutOfRange: WhenError {
        .outOfRange(text: text, field: "time", allowed: "1677-09-22 to 2262-04-11")
    }

    private func civilDate(year: Int, month: Int, day: Int) throws(WhenError) -> CivilTime {
        try check("month", month, in: 1...12)
        try check("day", day, in: 1...CivilTime.days(inMonth: month, of: year))
        return CivilTime(year: year, month: month, day: day)
    }

    /// `12:00`, `12:00:00`, `12:00:00.25`; the hour may have one digit.
    private mutating func readClock(into time: inout CivilTime) throws(WhenError) {
        guard let hour = scanner.digits(2) ?? scanner.digits(1), scanner.take(":"),
            let minute = scanner.digits(2)
        else { throw notUnderstood("a time of day is hour:minute or hour:minute:second, as 12:00:00") }
        guard scanner.take(":") else {
            return try setClock(of: &time, hour: hour, minute: minute, second: 0)
        }
        guard let second = scanner.digits(2), let fraction = scanner.fraction() else {
            throw notUnderstood("seconds have two digits and perhaps a fraction, as 12:00:00.250")
        }
        try setClock(of: &time, hour: hour, minute: minute, second: second)
        time.nanosecond = fraction
    }

    private func setClock(of time: inout CivilTime, hour: Int, minute: Int, second: Int) throws(WhenError) {
        try check("hour", hour, in: 0...23)
        try check("minute", minute, in: 0...59)
        try check("second", second, in: 0...60)
        time.hour = hour
        time.minute = minute
        time.second = second
    }

    /// `Z`, `+01:00`; also `+0100`, as date(1) and git print it.
    private mutating func offset() throws(WhenError) -> Int64 {
        let unknown = notUnderstood("after the time may come an offset from UTC: Z, or as +01:00")
        if scanner.takeAny("Zz") {
            guard scanner.isAtEnd else { throw unknown }
            return 0
        }
        let isNegative = scanner.take("-")
        guard isNegative || scanner.take("+"), let hours = scanner.digits(2) else { throw unknown }
        scanner.take(":")
        guard let minutes = scanner.digits(2), scanner.isAtEnd else { throw unknown }
        try check("hour of the offset", hours, in: 0...23)
        try check("minute of the offset", minutes, in: 0...59)
        let seconds = Int64(hours * 3600 + minutes * 60)
        return isNegative ? -seconds : seconds
    }

    private func instant(_ time: CivilTime, offsetSeconds: Int64) throws(WhenError) -> Instant {
        let seconds = time.secondsSince1970 - offsetSeconds
        // RFC 3339 has second 60 only for leap seconds, which end a day in UTC. Unix time has none: the
        // moment is the next day's first.
        if seconds % 86_400 != 0 { try refuseLeapSecond(time) }
        guard let instant = Instant(unixSeconds: seconds, nanosecond: time.nanosecond) else {
            throw timeOutOfRange
        }
        return instant
    }

    private func localInstant(_ time: CivilTime) throws(WhenError) -> Instant {
        try refuseLeapSecond(time)
        let instants = calendar.instants(of: time)
        guard let instant = instants.first else {
            let nearest = calendar.nearestInstants(to: time)
            // In a zone without clock changes there, one offset applies: then the range was exceeded.
            guard nearest.count > 1 else { throw timeOutOfRange }
            throw .localTimeDoesNotExist(text: text, nearest: nearest)
        }
        guard instants.count == 1 else { throw .localTimeExistsTwice(text: text, choices: instants) }
        return instant
    }

    private func refuseLeapSecond(_ time: CivilTime) throws(WhenError) {
        try check("second", time.second, in: 0...59)
    }

    private func check(_ field: String, _ value: Int, in range: ClosedRange<Int>) throws(WhenError) {
        guard range.contains(value) else {
            throw .outOfRange(
                text: text,
                field: "\(field) \(value)",
                allowed: "\(range.lowerBound) to \(range.upperBound)"
            )
        }
    }
}
