import LinuxSystem

/// A time to the second, in the forms of this protocol. All are UTC.
enum S3Time {
    /// `20130524T000000Z`, as signatures have it.
    static func signed(_ moment: Instant) -> String {
        let seconds = Int(moment.nanoseconds / 1_000_000_000)
        let (year, month, day) = date(days: seconds / 86_400)
        let time = seconds % 86_400
        let two = { (number: Int) in (number < 10 ? "0" : "") + String(number) }
        return "\(year)\(two(month))\(two(day))"
            + "T\(two(time / 3600))\(two(time / 60 % 60))\(two(time % 60))Z"
    }

    /// `Fri, 24 May 2013 00:00:00 GMT`, as the Date header has it (RFC 9110, 5.6.7). Nil if it is none.
    static func header(_ text: String) -> Instant? {
        let parts = text.split(whereSeparator: { " :".contains($0) })
        guard parts.count == 8, parts[7] == "GMT", let month = months.firstIndex(of: String(parts[2])) else {
            return nil
        }
        return instant([parts[3], "\(month + 1)", parts[1], parts[4], parts[5], parts[6]])
    }

    /// `2013-05-24T00:00:00.000Z`, as answers have it. Nil if it is none.
    static func answer(_ text: String) -> Instant? {
        guard text.hasSuffix("Z") else { return nil }
        let parts = text.dropLast().split(whereSeparator: { "-T:.".contains($0) })
        return 6...7 ~= parts.count ? instant(Array(parts.prefix(6))) : nil
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Year, month, day, hour, minute and second.
    private static func instant(_ parts: [Substring]) -> Instant? {
        let numbers = parts.compactMap { Int($0) }
        guard numbers.count == 6, 1970...2261 ~= numbers[0], 1...12 ~= numbers[1], 1...31 ~= numbers[2],
            0...23 ~= numbers[3], 0...59 ~= numbers[4], 0...60 ~= numbers[5]
        else { return nil }
        let days = days(numbers[0], numbers[1], numbers[2])
        let seconds = ((days * 24 + numbers[3]) * 60 + numbers[4]) * 60 + numbers[5]
        return Instant(nanoseconds: Int64(seconds) * 1_000_000_000)
    }

    /// Days since 1970-01-01. Years are counted from March, so that a leap day is the last of its year.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let (year, month) = month < 3 ? (year - 1, month + 9) : (year, month - 3)
        return year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468
    }

    private static func date(days: Int) -> (year: Int, month: Int, day: Int) {
        var year = 1970 + days / 366
        while self.days(year + 1, 1, 1) <= days { year += 1 }
        var month = 1
        while month < 12, self.days(year, month + 1, 1) <= days { month += 1 }
        return (year, month, days - self.days(year, month, 1) + 1)
    }
}
