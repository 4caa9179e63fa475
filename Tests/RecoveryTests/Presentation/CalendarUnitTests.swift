import LinuxSystem
import Testing

@testable import History

@Suite struct CalendarUnitTests {
    /// Thursday 2026-01-29 12:34:56 UTC.
    private let moment = Instant.unix(1_769_690_096)

    @Test("names the unit in which a moment is")
    func text() {
        #expect(CalendarUnit.minute.text(of: moment, in: .utc) == "2026-01-29 12:34")
        #expect(CalendarUnit.hour.text(of: moment, in: .utc) == "2026-01-29 12:00")
        #expect(CalendarUnit.day.text(of: moment, in: .utc) == "2026-01-29")
        let india = LocalCalendar { _ in 19_800 }
        #expect(CalendarUnit.hour.text(of: moment, in: india) == "2026-01-29 18:00")
    }

    @Test(
        "the finest unit by which everything fits",
        arguments: [(90, .minute), (89, .hour), (2, .hour)] as [(Int, CalendarUnit)]
    )
    func finest(_ most: Int, _ expected: CalendarUnit) {
        // A snapshot a second, for 90 minutes that touch two hours.
        let times = (Int64(0)..<5400).lazy.map { Instant.unix(1_769_688_000 + $0) }
        #expect(CalendarUnit.finest(for: times, most: most, in: .utc) == expected)
    }

    @Test("days where nothing fits, minutes where there is nothing")
    func edges() {
        let times = [0, 86_400, 172_800].map { Instant.unix($0) }
        #expect(CalendarUnit.finest(for: times, most: 2, in: .utc) == .day)
        #expect(CalendarUnit.finest(for: [Instant](), most: 0, in: .utc) == .minute)
    }
}
