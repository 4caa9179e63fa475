import ArgumentParser

/// A size as options take it: bytes, or a number with a unit. `K`, `M`, `G` and `T` go by 1024, as `KiB` and
/// so on do; `KB`, `MB`, `GB` and `TB` go by 1000.
func parseByteCount(_ text: String) throws -> UInt64 {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let wrong = ValidationError("'\(text)' is no size: write 2G, 500M, 1.5GiB or a number of bytes")
    let unit = text.dropFirst(digits.count).drop { $0 == " " }
    if unit.isEmpty || unit == "B", let bytes = UInt64(digits) { return bytes }
    guard let number = Double(digits),
        let power = "KMGT".firstIndex(of: unit.first?.uppercased().first ?? " ")
    else { throw wrong }
    let exponent = "KMGT".distance(from: "KMGT".startIndex, to: power) + 1
    let base: Double
    switch unit.dropFirst() {
    case "", "iB": base = 1024
    case "B": base = 1000
    default: throw wrong
    }
    let bytes = (0..<exponent).reduce(number) { product, _ in product * base }
    guard let whole = UInt64(exactly: bytes.rounded()) else { throw wrong }
    return whole
}
