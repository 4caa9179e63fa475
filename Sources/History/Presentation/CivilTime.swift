/// What a calendar and a clock on the wall show, in the proleptic Gregorian calendar; no zone.
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

    package init(
        year: Int,
        month: Int,
        day: Int,
        hour: Int = 0,
        minute: Int = 0,
        second: Int = 0,
        nanosecond: Int = 0
    ) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.nanosecond = nanosecond
    }

    /// The civil time that is `seconds` after 1970-01-01 00:00:00.
    package init(secondsSince1970 seconds: Int64, nanosecond: Int) {
        let days = (seconds - Self.floorRemainder(seconds, 86_400)) / 86_400
        let inDay = Int(Self.floorRemainder(seconds, 86_400))
        (year, month, day) = Self.date(daysSince1970: days)
        hour = inDay / 3600
        minute = inDay / 60 % 60
        second = inDay % 60
        self.nanosecond = nanosecond
    }

    /// Seconds after 1970-01-01 00:00:00 on the same wall, nanoseconds left out: Unix time if it is UTC.
    package var secondsSince1970: Int64 {
        Self.daysSince1970(year: year, month: month, day: day) * 86_400
            + Int64(hour * 3600 + minute * 60 + second)
    }

    /// The days in a month (1 to 12) of a year.
    package static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

// Days and dates, after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms":
// years begin in March, so that the leap day is a year's last; 400 years are an era of 146,097 days.
extension CivilTime {
    private static func daysSince1970(year: Int, month: Int, day: Int) -> Int64 {
        let shifted = Int64(month <= 2 ? year - 1 : year)
        let yearOfEra = floorRemainder(shifted, 400)
        let era = (shifted - yearOfEra) / 400
        let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func date(daysSince1970: Int64) -> (year: Int, month: Int, day: Int) {
        let days = daysSince1970 + 719_468
        let dayOfEra = floorRemainder(days, 146_097)
        let era = (days - dayOfEra) / 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        let month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        return (Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0), month, day)
    }

    private static func floorRemainder(_ value: Int64, _ divisor: Int64) -> Int64 {
        let remainder = value % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }
}
