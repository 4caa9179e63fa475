import History
import LinuxSystem

extension LocalCalendar {
    /// Europe/Berlin in 2026: summer time from 29 March 01:00 UTC to 25 October 01:00 UTC.
    static let berlin2026 = LocalCalendar { seconds in
        (1_774_746_000..<1_792_890_000).contains(seconds) ? 7200 : 3600
    }

    /// Pacific/Apia at the end of 2011: it went over the date line and left out 30 December.
    static let apia2011 = LocalCalendar { $0 < 1_325_239_200 ? -36_000 : 50_400 }

    /// Australia/Lord_Howe in April 2026: summer time, which is half an hour there, ends.
    static let lordHowe2026 = LocalCalendar { $0 < 1_775_314_800 ? 39_600 : 37_800 }

    static func fixed(hours: Int64) -> LocalCalendar {
        LocalCalendar { _ in hours * 3600 }
    }
}

extension Instant {
    static func unix(_ seconds: Int64, _ nanosecond: Int64 = 0) -> Instant {
        Instant(nanoseconds: seconds * 1_000_000_000 + nanosecond)
    }

    /// Thursday 2026-01-29 12:00:00 in Berlin.
    static let noon = Instant.unix(1_769_684_400)
}
