package import LinuxSystem

extension When {
    /// Reads one WHEN. Surrounding white space is ignored.
    ///
    /// - Parameters:
    ///   - now: the reference of `ago`, `today` and a bare time of day.
    ///   - calendar: the zone of times without an offset.
    /// - Throws: `WhenError` for a text that has none of the forms, and for a field out of its range. Also
    ///   for a local time that does not exist or exists twice. A moment in the future is an error only when
    ///   it is resolved, where the choices are known.
    package init(parsing text: String, now: Instant, calendar: LocalCalendar) throws(WhenError) {
        var parser = WhenParser(text: text, now: now, calendar: calendar, scanner: ByteScanner(text))
        self = try parser.parse()
    }
}

/// Reads one WHEN from its bytes. The first characters decide the form. The rest must then have that form to
/// the end, so that an error message names the mistake.
struct WhenParser {
    let text: String
    let now: Instant
    let calendar: LocalCalendar
    var scanner: ByteScanner

    mutating func parse() throws(WhenError) -> When {
        if scanner.isAtEnd { throw notUnderstood("it is empty") }
        if let place = try placeInHistory() { return place }
        if let dayOffset = takeDayWord() {
            scanner.skipSpaces()
            return .instant(try timeOfDay(daysFromToday: dayOffset))
        }
        if takeLast() { return .instant(try lastUnit()) }
        if scanner.take("@") { return .instant(try unixTime()) }
        if scanner.take("-") { return .instant(try timeAgo(spelled: false)) }
        if scanner.leadingDigits > 0 { return .instant(try instantFromDigits()) }
        return try tag()
    }

    /// A tag, and optionally how many snapshots before it.
    private mutating func tag() throws(WhenError) -> When {
        let parts = scanner.rest.split(separator: "~", maxSplits: 1, omittingEmptySubsequences: false)
        guard When.isValidName(String(parts[0])) else {
            throw notUnderstood("it is neither a time nor a possible tag")
        }
        guard parts.count == 2 else { return .name(String(parts[0])) }
        scanner.take("\(parts[0])~")
        return .name(String(parts[0]), back: try countBack())
    }

    /// `latest…`, `now…` and sequences.
    private mutating func placeInHistory() throws(WhenError) -> When? {
        let whole = scanner.rest
        if whole == "latest-good" { return .latestGood }
        for word in ["latest", "now"] {
            if whole == word { return .latest(back: 0) }
            if scanner.take(word + "~") { return .latest(back: try countBack()) }
        }
        guard scanner.isDigitsOnly, let sequence = scanner.number() else { return nil }
        guard !scanner.overflowed else {
            throw .outOfRange(text: text, field: "sequence", allowed: "1 to \(UInt64.max)")
        }
        return .sequence(sequence)
    }

    /// The count after `~`.
    private mutating func countBack() throws(WhenError) -> Int {
        guard let back = scanner.number(), scanner.isAtEnd else {
            throw notUnderstood("after ~ comes a number")
        }
        guard let back = Int(exactly: back), !scanner.overflowed else {
            throw .outOfRange(text: text, field: "number of snapshots back", allowed: "0 to \(Int.max)")
        }
        return back
    }

    /// `today` and `yesterday`, as days from today. A longer word, like `today-2`, is a name.
    private mutating func takeDayWord() -> Int64? {
        for (word, days) in [("today", Int64(0)), ("yesterday", Int64(-1))] where scanner.takeWord(word) {
            return days
        }
        return nil
    }

    /// `last` followed by a word; alone it is a name.
    private mutating func takeLast() -> Bool {
        var ahead = scanner
        guard ahead.takeWord("last"), ahead.skipSpaces() else { return false }
        scanner = ahead
        return true
    }

    private mutating func instantFromDigits() throws(WhenError) -> Instant {
        if scanner.endsWithWord("ago") { return try timeAgo(spelled: true) }
        switch (scanner.leadingDigits, scanner.byteAfterDigits) {
        case (4, UInt8(ascii: "-")): return try dateAndTime()
        case (8, UInt8(ascii: "-")): return try stamp()
        case (1...2, UInt8(ascii: ":")): return try timeOfDay(daysFromToday: 0)
        default: break
        }
        var duration = self
        if (try? duration.elapsed(until: nil)) != nil {
            throw notUnderstood("a span of time alone is no moment: write ago behind it, as 10m ago")
        }
        throw notUnderstood("write it as 2026-01-29 12:00, 14:00, 10m ago, latest~3, a sequence or a tag")
    }

    func notUnderstood(_ reason: String) -> WhenError {
        .notUnderstood(text: text, reason: reason)
    }
}
