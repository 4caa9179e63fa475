import ArgumentParser

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
