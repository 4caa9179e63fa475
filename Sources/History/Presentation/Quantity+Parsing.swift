import LinuxSystem

extension Quantity {
    /// A duration as people write it: a number with `ms`, `s`, `m`, `h`, `d` or `w`. A day has 24 hours.
    package static func duration(parsing text: String) -> Duration? {
        let digits = text.digits
        guard let number = Double(digits), number >= 0, number <= 1e9 else { return nil }
        let seconds: Double
        switch text.dropFirst(digits.count) {
        case "ms": seconds = 0.001
        case "s": seconds = 1
        case "m", "min": seconds = 60
        case "h": seconds = 3600
        case "d": seconds = 86_400
        case "w": seconds = 7 * 86_400
        default: return nil
        }
        return .seconds(number * seconds)
    }

    /// A size as people write it: bytes, or a number with a unit. `K`, `M`, `G` and `T` are powers of 1024,
    /// as `KiB` and so on are. `KB`, `MB`, `GB` and `TB` are powers of 1000.
    package static func byteCount(parsing text: String) -> UInt64? {
        let digits = text.digits
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        if unit.isEmpty || unit == "B", let bytes = UInt64(digits) { return bytes }
        guard let number = Double(digits),
            let power = Array("KMGT").firstIndex(of: unit.first?.uppercased().first ?? " ")
        else { return nil }
        let base: Double
        switch unit.dropFirst() {
        case "", "iB": base = 1024
        case "B": base = 1000
        default: return nil
        }
        return UInt64(exactly: (0...power).reduce(number) { product, _ in product * base }.rounded())
    }

    /// A duration in the largest unit that divides it, as `duration(parsing:)` reads it: `24h`, `20ms`.
    package static func shortText(_ duration: Duration) -> String {
        let units: [(Duration, String)] = [
            (.seconds(3600), "h"), (.seconds(60), "m"), (.seconds(1), "s"), (.milliseconds(1), "ms"),
        ]
        for (unit, name) in units where duration >= unit {
            let count = duration.nanoseconds / unit.nanoseconds
            if unit * Int(count) == duration { return "\(count)\(name)" }
        }
        return duration == .zero ? "0s" : "\(duration)"
    }

    /// A size in the largest unit that divides it, as `byteCount(parsing:)` reads it: `20G`, `1000`.
    package static func shortText(bytes: UInt64) -> String {
        for (place, unit) in "TGMK".enumerated() {
            let size = UInt64(1) << UInt64(40 - 10 * place)
            if bytes >= size, bytes % size == 0 { return "\(bytes / size)\(unit)" }
        }
        return "\(bytes)"
    }
}

extension String {
    /// The digits at its beginning, with the decimal point.
    fileprivate var digits: Substring { prefix { $0.isASCII && ($0.isNumber || $0 == ".") } }
}
