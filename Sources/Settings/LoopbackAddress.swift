/// Where something is served on this machine, to nobody elsewhere: a loopback address and a port.
package struct LoopbackAddress: Hashable, Sendable {
    /// An address of IPv4 or IPv6, without brackets.
    package let host: String
    /// 0 for any free one.
    package let port: Int

    package init(host: String, port: Int) {
        (self.host, self.port) = (host, port)
    }

    /// One of 127.0.0.0/8, or `[::1]`, or `localhost`, which is 127.0.0.1 here whatever a resolver says; then
    /// a colon and the port. Nil for any other text.
    package init?(parsing text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = Self.number(text[text.index(after: colon)...], atMost: 65_535),
            let host = Self.host(text[..<colon])
        else { return nil }
        self.init(host: host, port: port)
    }

    private static func host(_ text: Substring) -> String? {
        if text == "localhost" { return "127.0.0.1" }
        if text == "[::1]" { return "::1" }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { number($0, atMost: 255) }
        return parts.count == 4 && numbers.count == 4 && numbers[0] == 127 ? String(text) : nil
    }

    /// Resolvers take a number that begins with 0 for octal: it is none here.
    private static func number(_ text: Substring, atMost limit: Int) -> Int? {
        let isDecimal = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isDecimal, text.utf8.count <= 5, text == "0" || !text.hasPrefix("0") else { return nil }
        return Int(text).flatMap { $0 <= limit ? $0 : nil }
    }
}

extension LoopbackAddress: CustomStringConvertible {
    /// As `init(parsing:)` takes it.
    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
