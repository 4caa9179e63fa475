@testable import History
import LinuxSystem
import Testing

@Suite("Local calendar")
struct LocalCalendarTests {
    @Test("02:30 does not exist when the clock is put forward; its neighbours are 01:30 and 03:30")
    func gap() {
        let time = CivilTime(year: 2026, month: 3, day: 29, hour: 2, minute: 30)
        #expect(LocalCalendar.berlin2026.instants(of: time).isEmpty)
        let nearest = LocalCalendar.berlin2026.nearestInstants(to: time)
        #expect(nearest == [.unix(1_774_744_200), .unix(1_774_747_800)])
        #expect(
            nearest.map { $0.localText(in: .berlin2026) } == ["2026-03-29 01:30:00", "2026-03-29 03:30:00"]
        )
    }

    @Test("02:30 exists twice when the clock is put back")
    func twice() {
        let time = CivilTime(year: 2026, month: 10, day: 25, hour: 2, minute: 30, nanosecond: 7)
        #expect(
            LocalCalendar.berlin2026.instants(of: time) == [.unix(1_792_888_200, 7), .unix(1_792_891_800, 7)]
        )
    }

    @Test(
        "the moments of a wall time are those at which the wall shows it",
        arguments: [
            (LocalCalendar.berlin2026, Int64(1_774_746_000)), (.berlin2026, 1_792_890_000),
            (.apia2011, 1_325_239_200), (.lordHowe2026, 1_775_314_800), (.fixed(hours: -12), 0),
            (.fixed(hours: 14), 0),
        ]
    )
    func againstSearch(calendar: LocalCalendar, change: Int64) {
        let step: Int64 = 900
        let moments = stride(from: change - 4 * 86_400, through: change + 4 * 86_400, by: Int(step)).map {
            Instant.unix($0)
        }
        for wall in stride(from: change - 2 * 86_400, through: change + 2 * 86_400, by: Int(step)) {
            let time = CivilTime(secondsSince1970: wall, nanosecond: 0)
            let expected = moments.filter { calendar.civilTime(at: $0) == time }
            #expect(calendar.instants(of: time) == expected, "\(time)")
        }
    }

    @Test("in the zone of this process, each moment is among those of its wall time")
    func systemRoundTrip() {
        for seconds in stride(from: Int64(-2_000_000_000), through: 4_000_000_000, by: 1_234_567) {
            let instant = Instant.unix(seconds, 123_456_789)
            let time = LocalCalendar.system.civilTime(at: instant)
            #expect(LocalCalendar.system.instants(of: time).contains(instant), "\(time)")
        }
    }
}
