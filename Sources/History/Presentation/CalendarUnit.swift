package import LinuxSystem

/// A unit of local time.
package enum CalendarUnit: String, CaseIterable, Sendable {
    // The finest first.
    case minute, hour, day

    /// A number that two moments share if and only if they are in the same unit of local time.
    func number(of instant: Instant, offsetSeconds: Int64) -> Int64 {
        let wall = instant.unixSeconds + offsetSeconds
        return switch self {
        // The moment of the full minute or hour, by the offset in force: an hour that occurs twice is two.
        case .minute: wall.dividedDown(by: 60) * 60 - offsetSeconds
        case .hour: wall.dividedDown(by: 3600) * 3600 - offsetSeconds
        case .day: wall.dividedDown(by: 86_400)
        }
    }

    /// The unit in which a moment is, for people: `2026-01-29 12:34`, `2026-01-29 12:00`, `2026-01-29`.
    package func text(of instant: Instant, in calendar: LocalCalendar) -> String {
        // `2026-01-29 12:34:56`, and a year may have more digits.
        let full = instant.localText(in: calendar)
        return switch self {
        case .minute: String(full.dropLast(3))
        case .hour: String(full.dropLast(6)) + ":00"
        case .day: String(full.dropLast(9))
        }
    }

    /// The finest unit by which ascending moments make at most so many groups; days where none does.
    package static func finest(
        for moments: some Sequence<Instant>,
        most: Int,
        in calendar: LocalCalendar
    ) -> CalendarUnit {
        var last: [CalendarUnit: Int64] = [:]
        var counts: [CalendarUnit: Int] = [:]
        for moment in moments {
            let offset = calendar.offsetSeconds(moment.unixSeconds)
            for unit in allCases {
                let number = unit.number(of: moment, offsetSeconds: offset)
                guard last[unit] != number else { continue }
                last[unit] = number
                counts[unit, default: 0] += 1
            }
        }
        return allCases.first { counts[$0, default: 0] <= most } ?? .day
    }
}
