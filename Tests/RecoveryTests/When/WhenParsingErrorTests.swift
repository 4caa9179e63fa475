import History
import LinuxSystem
import Testing

@Suite("WHEN: what is wrong is named")
struct WhenParsingErrorTests {
    private func failure(_ text: String, now: Instant = .noon) throws -> WhenError {
        try #require(throws: WhenError.self) {
            try When(parsing: text, now: now, calendar: .berlin2026)
        }
    }

    @Test(
        "fields out of their range",
        arguments: [
            ("2026-13-01", "month 13", "1 to 12"), ("2026-00-01", "month 0", "1 to 12"),
            ("2026-02-30", "day 30", "1 to 28"), ("2024-02-30", "day 30", "1 to 29"),
            ("2026-01-00", "day 0", "1 to 31"),
            ("2026-01-29 24:00", "hour 24", "0 to 23"), ("24:00", "hour 24", "0 to 23"),
            ("2026-01-29T12:60:00Z", "minute 60", "0 to 59"), ("12:00:61", "second 61", "0 to 60"),
            ("2026-01-29T12:00:00+24:00", "hour of the offset 24", "0 to 23"),
            ("2026-01-29T12:00:00+01:60", "minute of the offset 60", "0 to 59"),
            ("20260132-000000", "day 32", "1 to 31"), ("20260129-250000", "hour 25", "0 to 23"),
        ]
    )
    func ranges(text: String, field: String, allowed: String) throws {
        #expect(try failure(text) == .outOfRange(text: text, field: field, allowed: allowed))
    }

    @Test(
        "numbers and moments beyond 64 bits",
        arguments: [
            "18446744073709551616", "99999999999999999999999", "latest~9223372036854775808",
            "latest~99999999999999999999",
            "@9223372036.854775808", "@-9223372036.854775809", "@99999999999999999999",
            "@9223372036854775807.9",
            "@-9223372036854775807.9", "1600-01-01", "0000-01-01", "9999-12-31T23:59:59Z", "16000101-000000",
            "1677-09-21T00:12:43.145224191Z", "2262-04-11T23:47:16.854775808Z",
            "99999999999999999999s ago", "9223372036854775807w ago", "-9223372036s9223372036s",
            "-500 weeks 300000d",
        ]
    )
    func overflow(text: String) throws {
        guard case .outOfRange(text, _, _) = try failure(text, now: .unix(-8_000_000_000)) else {
            Issue.record("\(try failure(text))")
            return
        }
    }

    @Test(
        "text that has no form",
        arguments: [
            "", " ", "today x", "now x", "last days", "last x", "last 2 weeks", "last month", "~1", "pre~",
            "pre~x", "latest-good~1", "latest~", "latest~x", "latest~-1", "latest~3x", "-",
            "-10", "-10x",
            "-m", "@", "@x", "@1.", "@.5", "@1x", "10m", "1h30", "2 days", "10 ago", "m ago", "10m agoo",
            "1m ago ago",
            "1 month ago", "2 years ago", "2026-", "2026-1-1", "2026-01", "2026-01-29T", "2026-01-29T12",
            "2026-01-29x",
            "2026-01-29T12:00:00+", "2026-01-29T12:00:00+1", "2026-01-29T12:00:00Zz", "2026-01-29T12:00:00.Z",
            "2026-01-29Z", "2026-01-29 12:00:00 CET", "12:0", "1:2:3", "123:00", "12:00 x", "20260129-12000",
            "20260129-1200000", "20260129T120000", "1.5", "a b", "latest~1~2", "+10m", "tag:x", "\u{0}",
            "é\u{7}", "10μ ago",
        ]
    )
    func noForm(text: String) throws {
        guard case .notUnderstood(text, let reason) = try failure(text) else {
            Issue.record("\(try failure(text))")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test("a local time that the clock leapt over names its neighbours")
    func leaptOver() throws {
        for text in ["2026-03-29 02:30", "20260329-023000", "2026-03-29T02:30:00"] {
            #expect(
                try failure(text)
                    == .localTimeDoesNotExist(
                        text: text,
                        nearest: [.unix(1_774_744_200), .unix(1_774_747_800)]
                    )
            )
        }
        #expect(
            try failure("2026-03-29 02:30").message(in: .berlin2026)
                == "\"2026-03-29 02:30\" does not exist, for the clock was put forward over it: "
                + "say 2026-03-29T01:30:00+01:00 or 2026-03-29T03:30:00+02:00"
        )
    }

    @Test("a local time that the clock showed twice names both; each choice can be given back")
    func shownTwice() throws {
        let choices = [Instant.unix(1_792_888_200), .unix(1_792_891_800)]
        let error = try failure("2026-10-25 02:30")
        #expect(error == .localTimeExistsTwice(text: "2026-10-25 02:30", choices: choices))
        #expect(
            error.message(in: .berlin2026)
                == "\"2026-10-25 02:30\" exists twice, for the clock was put back: "
                + "say 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00"
        )
        for choice in choices {
            let text = choice.rfc3339(in: .berlin2026)
            #expect(try When(parsing: text, now: .noon, calendar: .berlin2026) == .instant(choice))
        }
    }

    @Test("a span of time without its end says how to write it")
    func spanAlone() throws {
        #expect(try failure("10m").message(in: .utc).hasSuffix("write ago behind it, as 10m ago"))
    }

    @Test("a message is one line of bearable length, whatever the text was")
    func oneLine() throws {
        let message = try failure("1\n\u{1B}[31m\u{2028}" + String(repeating: "x", count: 500)).message(
            in: .utc
        )
        #expect(!message.unicodeScalars.contains { $0.value < 32 || $0 == "\u{2028}" })
        #expect(message.count < 250)
    }
}
