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

/// A time as options take it: a number with `ms`, `s`, `m`, `h`, `d` or `w`; a day is 24 hours.
func parseDuration(_ text: String) throws -> Duration {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let wrong = ValidationError("'\(text)' is no length of time: write 20ms, 1.5s, 10m, 1h or 7d")
    guard let number = Double(digits), number >= 0, number <= 1e9 else { throw wrong }
    switch text.dropFirst(digits.count) {
    case "ms": return .seconds(number / 1000)
    case "s": return .seconds(number)
    case "m", "min": return .seconds(number * 60)
    case "h": return .seconds(number * 3600)
    case "d": return .seconds(number * 86_400)
    case "w": return .seconds(number * 7 * 86_400)
    default: throw wrong
    }
}

/// A size as options take it: bytes, or a number with a unit. `K`, `M`, `G` and `T` go by 1024, as `KiB` and
/// so on do; `KB`, `MB`, `GB` and `TB` go by 1000.
func parseByteCount(_ text: String) throws -> UInt64 {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let wrong = ValidationError("'\(text)' is no size: write 2G, 500M, 1.5GiB or a number of bytes")
    let unit = text.dropFirst(digits.count).drop { $0 == " " }
    if unit.isEmpty || unit == "B", let bytes = UInt64(digits) { return bytes }
    guard let number = Double(digits),
        let power = Array("KMGT").firstIndex(of: unit.first?.uppercased().first ?? " ")
    else { throw wrong }
    let base: Double
    switch unit.dropFirst() {
    case "", "iB": base = 1024
    case "B": base = 1000
    default: throw wrong
    }
    let bytes = (0...power).reduce(number) { product, _ in product * base }
    guard let whole = UInt64(exactly: bytes.rounded()) else { throw wrong }
    return whole
}

extension ArgumentHelp {
    /// Help for a WHEN.
    static func when(_ abstract: String) -> ArgumentHelp { ArgumentHelp(abstract, valueName: "when") }

    /// Help for a length of time.
    static func time(_ abstract: String) -> ArgumentHelp { ArgumentHelp(abstract, valueName: "time") }
}
