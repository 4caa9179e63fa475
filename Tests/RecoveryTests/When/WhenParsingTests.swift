import History
import LinuxSystem
import Testing

@Suite("WHEN: every form")
struct WhenParsingTests {
    private func parse(_ text: String, now: Instant = .noon) throws -> When {
        try When(parsing: text, now: now, calendar: .berlin2026)
    }

    @Test(
        "places in the history, and tags",
        arguments: [
            ("latest", When.latest(back: 0)), ("latest~3", .latest(back: 3)), ("latest~0", .latest(back: 0)),
            ("latest-good", .latestGood), (" latest\n", .latest(back: 0)),
            ("42", .sequence(42)), ("0", .sequence(0)), ("007", .sequence(7)),
            ("20260129", .sequence(20_260_129)),
            ("18446744073709551615", .sequence(.max)),
            ("pre-migration", .name("pre-migration")), ("release/1.2_a", .name("release/1.2_a")),
            ("latest-bad", .name("latest-bad")), ("today-2", .name("today-2")), ("agora", .name("agora")),
            ("vor-größe", .name("vor-größe")), (".x", .name(".x")), ("Latest", .name("Latest")),
            ("now", .latest(back: 0)), ("now~1", .latest(back: 1)), ("last", .name("last")),
            ("last-week", .name("last-week")),
            ("pre~1", .name("pre", back: 1)),
            ("now-2", .name("now-2")), ("last~2", .name("last", back: 2)), ("pre~0", .name("pre")),
        ]
    )
    func placesAndNames(text: String, expected: When) throws {
        #expect(try parse(text) == expected)
    }

    @Test(
        "RFC 3339, with and without fraction and offset",
        arguments: [
            ("2026-01-29T11:00:00Z", Int64(0)), ("2026-01-29t11:00:00z", 0), ("2026-01-29 11:00:00Z", 0),
            ("2026-01-29T12:00:00+01:00", 0), ("2026-01-29 12:00:00 +0100", 0), ("2026-01-29T11:00Z", 0),
            ("2026-01-29T05:30:00-05:30", 0), ("2026-01-29T11:00:00-00:00", 0),
            ("2026-01-30T10:59:00+23:59", 0),
            ("2026-01-29T11:00:00.5Z", 500_000_000), ("2026-01-29T11:00:00.000000001Z", 1),
            ("2026-01-29T11:00:00.1234567899Z", 123_456_789), ("2026-01-29T12:00:00", 0),
        ]
    )
    func rfc3339(text: String, nanoseconds: Int64) throws {
        #expect(try parse(text) == .instant(Instant(nanoseconds: Instant.noon.nanoseconds + nanoseconds)))
    }

    @Test("a leap second ends a day in UTC and is the next day's first second")
    func leapSecond() throws {
        #expect(try parse("2016-12-31T23:59:60Z") == .instant(.unix(1_483_228_800)))
        #expect(try parse("2017-01-01T00:59:60+01:00") == .instant(.unix(1_483_228_800)))
        for text in ["2016-12-31T12:00:60Z", "2016-12-31 23:59:60", "2017-01-01 00:59:60", "12:00:60"] {
            #expect(throws: WhenError.outOfRange(text: text, field: "second 60", allowed: "0 to 59")) {
                try parse(text)
            }
        }
    }

    @Test(
        "local dates and times",
        arguments: [
            ("2026-01-29", Int64(-43_200), Int64(0)), ("2026-01-29 12:00", 0, 0),
            ("2026-01-29   9:05", -10_500, 0),
            ("2026-01-29 12:00:00.250", 0, 250_000_000), ("20260129-120000", 0, 0),
            ("2025-07-01 12:00:00", -18_316_800, 0), ("2026-07-01 12:00:00", 13_215_600, 0),
            ("12:00", 0, 0), ("9:30", -9000, 0), ("11:59:59.75", -1, 750_000_000), ("14:00", 7200, 0),
            ("today 14:00", 7200, 0), ("yesterday 14:00", -79_200, 0), ("yesterday  00:00:01", -129_599, 0),
            ("today", -43_200, 0), ("yesterday ", -129_600, 0),
        ]
    )
    func local(text: String, seconds: Int64, nanoseconds: Int64) throws {
        #expect(try parse(text) == .instant(.unix(1_769_684_400 + seconds, nanoseconds)))
    }

    @Test("yesterday is the day before on the calendar, though it had 23 hours")
    func yesterdayOverClockChange() throws {
        let monday = Instant.unix(1_774_864_800)
        #expect(try parse("yesterday 00:30", now: monday) == .instant(.unix(1_774_740_600)))
        #expect(try parse("today 00:30", now: monday) == .instant(.unix(1_774_823_400)))
    }

    @Test(
        "Unix time",
        arguments: [
            ("@1769684400", Int64(1_769_684_400_000_000_000)), ("@1769684400.5", 1_769_684_400_500_000_000),
            ("@0", 0), ("@-1.25", -1_250_000_000), ("@-2", -2_000_000_000), ("@0.000000001", 1),
            ("@9223372036.854775807", .max), ("@-9223372036.854775808", .min),
        ]
    )
    func unixTime(text: String, nanoseconds: Int64) throws {
        #expect(try parse(text) == .instant(Instant(nanoseconds: nanoseconds)))
    }

    @Test(
        "spans of time before now",
        arguments: [
            ("10m ago", Int64(600_000)), ("-10m", 600_000), ("1h30m ago", 5_400_000), ("-1h30m", 5_400_000),
            ("2 days ago", 172_800_000), ("1 day ago", 86_400_000), ("1.5h ago", 5_400_000),
            ("1 hour 30 minutes ago", 5_400_000), ("250ms ago", 250), ("-0.25s", 250), ("0s ago", 0),
            ("1w ago", 604_800_000), ("1d2h3m4s5ms ago", 93_784_005), ("10 m  ago", 600_000),
            ("last minute", 60_000), ("last hour", 3_600_000), ("last day", 86_400_000),
            ("last  week", 604_800_000),
        ]
    )
    func ago(text: String, milliseconds: Int64) throws {
        let expected = Instant(nanoseconds: Instant.noon.nanoseconds - milliseconds * 1_000_000)
        #expect(try parse(text) == .instant(expected))
    }

    @Test("what a tag may be called is read back as that tag")
    func names() throws {
        for name in ["a", "v1", "_", "/x", "Ünï", "a-b.c/d_e"] {
            #expect(When.isValidName(name))
            #expect(try parse(name) == .name(name))
        }
        for name in [
            "", "1a", "-a", "latest", "latest-good", "now", "today", "yesterday", "latest~1", "now~1", "a b",
            "a:b", "a\n",
        ] {
            #expect(!When.isValidName(name), "\(name)")
        }
    }
}
