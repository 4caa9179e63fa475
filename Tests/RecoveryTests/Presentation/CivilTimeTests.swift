@testable import History
import Testing

@Suite("Civil time")
struct CivilTimeTests {
    @Test("every day from 1600 to 2400 follows the one before")
    func everyDay() {
        var expected = CivilTime(year: 1600, month: 1, day: 1, hour: 23, minute: 59, second: 58)
        var seconds: Int64 = -11_676_096_000 + 86_398
        while expected.year <= 2400 {
            guard CivilTime(secondsSince1970: seconds, nanosecond: 0) == expected,
                expected.secondsSince1970 == seconds
            else {
                Issue.record("\(expected) at \(seconds)")
                return
            }
            seconds += 86_400
            expected.day += 1
            if expected.day > CivilTime.days(inMonth: expected.month, of: expected.year) {
                expected.day = 1
                expected.month += 1
            }
            if expected.month > 12 {
                expected.month = 1
                expected.year += 1
            }
        }
        #expect(seconds == 13_601_088_000 + 86_398)
    }

    @Test(
        "leap years are those of Gregory",
        arguments: [(2024, 29), (2025, 28), (1900, 28), (2000, 29), (2100, 28)]
    )
    func february(year: Int, days: Int) {
        #expect(CivilTime.days(inMonth: 2, of: year) == days)
    }
}
