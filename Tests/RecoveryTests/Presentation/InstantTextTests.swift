import History
import LinuxSystem
import Testing

@Suite("Moments as text")
struct InstantTextTests {
    @Test(
        "RFC 3339 in UTC has nine digits",
        arguments: [
            (Int64(0), "1970-01-01T00:00:00.000000000Z"), (-1, "1969-12-31T23:59:59.999999999Z"),
            (1_769_684_400_250_000_000, "2026-01-29T11:00:00.250000000Z"),
            (.max, "2262-04-11T23:47:16.854775807Z"), (.min, "1677-09-21T00:12:43.145224192Z"),
        ]
    )
    func utc(nanoseconds: Int64, text: String) {
        #expect(Instant(nanoseconds: nanoseconds).rfc3339UTC == text)
    }

    @Test("local time, with and without offset")
    func local() {
        let instant = Instant.unix(1_769_684_400, 250_000_000)
        #expect(instant.localText(in: .berlin2026) == "2026-01-29 12:00:00")
        #expect(instant.rfc3339(in: .berlin2026) == "2026-01-29T12:00:00.25+01:00")
        #expect(Instant.noon.rfc3339(in: .fixed(hours: -3)) == "2026-01-29T08:00:00-03:00")
        let newfoundland = LocalCalendar { _ in -12_600 }
        #expect(Instant.noon.rfc3339(in: newfoundland) == "2026-01-29T07:30:00-03:30")
    }

    @Test("an offset with seconds is cut to minutes, and the moment stays the same")
    func oddOffset() throws {
        for offset in [Int64(3208), -17_762] {
            let text = Instant.noon.rfc3339(in: LocalCalendar { _ in offset })
            #expect(try When(parsing: text, now: .noon, calendar: .utc) == .instant(.noon), "\(text)")
        }
    }

    @Test(
        "ages",
        arguments: [
            (Int64(0), "now"), (999, "now"), (1000, "1 s ago"), (59_999, "59 s ago"), (60_000, "1 min ago"),
            (185_000, "3 min ago"), (3_600_000, "1 h ago"), (86_399_999, "23 h ago"),
            (86_400_000, "1 day ago"),
            (172_800_000, "2 days ago"), (-999, "now"), (-185_000, "in 3 min"), (-86_400_000, "in 1 day"),
        ]
    )
    func ages(milliseconds: Int64, text: String) {
        let instant = Instant(nanoseconds: Instant.noon.nanoseconds - milliseconds * 1_000_000)
        #expect(instant.ageText(now: .noon) == text)
        #expect(instant.eventAgeText(now: .noon) == (text == "now" ? "just now" : text))
    }

    @Test("the longest age fits")
    func longestAge() {
        let (first, last) = (Instant(nanoseconds: .min), Instant(nanoseconds: .max))
        #expect(first.ageText(now: last) == "213503 days ago")
        #expect(last.ageText(now: first) == "in 213503 days")
    }
}
