internal import FoundationEssentials

/// What a calendar and a clock on the wall show, in the Gregorian calendar; no zone.
package struct CivilTime: Hashable, Sendable {
    package var year: Int
    /// 1 to 12.
    package var month: Int
    /// 1 to 31.
    package var day: Int
    var hour = 0
    var minute = 0
    var second = 0
    var nanosecond = 0
}

extension CivilTime {
    /// The civil time that is `seconds` after 1970-01-01 00:00:00.
    package init(secondsSince1970 seconds: Int64, nanosecond: Int) {
        let fields: Set<Calendar.Component> = [.year, .month, .day, .hour, .minute, .second]
        let parts = Self.gregorian.dateComponents(fields, from: Date(timeIntervalSince1970: Double(seconds)))
        self.init(
            year: parts.year!,
            month: parts.month!,
            day: parts.day!,
            hour: parts.hour!,
            minute: parts.minute!,
            second: parts.second!,
            nanosecond: nanosecond
        )
    }

    /// Seconds after 1970-01-01 00:00:00 in the same zone, without nanoseconds: Unix time if it is UTC.
    package var secondsSince1970: Int64 {
        let parts = DateComponents(
            year: year,
            month: month,
            day: day,
            hour: hour,
            minute: minute,
            second: second
        )
        return Int64(Self.gregorian.date(from: parts)!.timeIntervalSince1970)
    }

    /// The days in a month (1 to 12) of a year.
    package static func days(inMonth month: Int, of year: Int) -> Int {
        let first = gregorian.date(from: DateComponents(year: year, month: month, day: 1))!
        return gregorian.range(of: .day, in: .month, for: first)!.count
    }

    /// Foundation without its data of zones has no other zone: what a zone adds comes from `LocalCalendar`.
    private static let gregorian: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()
}
