import ArgumentParser
import History
import LinuxSystem

/// A WHEN; times without a date are of the present day.
func parseWhen(_ text: String) throws -> When {
    do {
        return try When(parsing: text, now: .now, calendar: .system)
    } catch {
        throw ValidationError(error.description)
    }
}

/// A length of time as options take it.
func parseDuration(_ text: String) throws -> Duration {
    guard let duration = Quantity.duration(parsing: text) else {
        throw ValidationError("'\(text)' is no length of time: write 20ms, 1.5s, 10m, 1h or 7d")
    }
    return duration
}

/// A size as options take it.
func parseByteCount(_ text: String) throws -> UInt64 {
    guard let bytes = Quantity.byteCount(parsing: text) else {
        throw ValidationError("'\(text)' is no size: write 2G, 500M, 1.5GiB or a number of bytes")
    }
    return bytes
}

extension ArgumentHelp {
    /// Help for a WHEN.
    static func when(_ abstract: String) -> ArgumentHelp { ArgumentHelp(abstract, valueName: "when") }

    /// Help for a length of time.
    static func time(_ abstract: String) -> ArgumentHelp { ArgumentHelp(abstract, valueName: "time") }
}
