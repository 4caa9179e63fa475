import History
import LinuxSystem
import SystemPackage
import Yams

/// How the value of a setting is written, and which values it may have.
struct SettingType<Value: Hashable & Sendable>: Sendable {
    /// What it is: "a length of time".
    let expectation: String
    let example: String
    /// Nil for a text that is no such value.
    private let parse: @Sendable (Node) -> Value?
    /// What is wrong with a value of that type; nil if nothing is.
    private let flaw: @Sendable (Value) -> String?

    init(
        _ expectation: String,
        example: String,
        parse: @escaping @Sendable (Node) -> Value?,
        flaw: @escaping @Sendable (Value) -> String? = { _ in nil }
    ) {
        (self.expectation, self.example, self.parse, self.flaw) = (expectation, example, parse, flaw)
    }

    /// Reports a problem and returns nil if the node is no such value.
    func read(_ node: Node, named name: String, _ problems: ConfigurationProblems) -> Setting<Value>? {
        guard let value = parse(node) else {
            let found = node.scalar.map { Self.quoted($0.string) } ?? " empty or of another kind"
            problems.add(node.line, "\(name) is\(found), not \(expectation): write \(example)")
            return nil
        }
        if let flaw = flaw(value) {
            problems.add(node.line, "\(name) \(flaw)")
            return nil
        }
        return Setting(value: value, line: node.line)
    }

    /// A user in a URL has a password, and a key may be a secret one.
    private static func quoted(_ text: String) -> String {
        if text.contains("://"), text.contains("@") { return " a URL with a user" }
        if text.lowercased().hasPrefix("holdfast-") { return " a secret key" }
        return text.isEmpty ? " empty" : " '\(text.printable)'"
    }
}

extension SettingType where Value == Duration {
    static func duration(in range: ClosedRange<Duration>, orZero: Bool = false) -> SettingType {
        let bounds = "\(Quantity.shortText(range.lowerBound)) to \(Quantity.shortText(range.upperBound))"
        return SettingType("a length of time", example: "20ms, 10m or 24h") { node in
            node.scalar.flatMap { Quantity.duration(parsing: $0.string) }
        } flaw: { duration in
            if range.contains(duration) || orZero && duration == .zero { return nil }
            return "is \(Quantity.shortText(duration)): \(orZero ? "0s, or " : "")\(bounds) is possible"
        }
    }
}

extension SettingType where Value == Int {
    static let count = SettingType("a number", example: "7") { node in
        node.scalar.flatMap { Int($0.string) }
    } flaw: {
        $0 < 0 ? "is \($0): 0 or more is possible" : nil
    }
}

extension SettingType where Value == UInt64 {
    static let byteCount = byteCount { _ in nil }
    static let positiveByteCount = byteCount { $0 == 0 ? "is 0: 1 byte or more is possible" : nil }

    private static func byteCount(flaw: @escaping @Sendable (UInt64) -> String?) -> SettingType {
        SettingType("a size", example: "20G or 500M") { node in
            node.scalar.flatMap { Quantity.byteCount(parsing: $0.string) }
        } flaw: {
            flaw($0)
        }
    }
}

extension SettingType where Value == LoopbackAddress {
    static let loopbackAddress = SettingType(
        "a port at a loopback address (127.0.0.0/8, [::1], localhost)",
        example: "127.0.0.1:9469"
    ) { node in
        node.scalar.flatMap { LoopbackAddress(parsing: $0.string) }
    }
}

extension SettingType where Value == FilePath {
    /// An absolute path. A `~/` at its beginning stands for the home directory.
    static let path = SettingType("a path", example: "/srv/app or ~/app") { node in
        // A NUL would end it.
        guard let text = node.scalar?.string, !text.isEmpty, !text.utf8.contains(0) else { return nil }
        return FilePath(text).fromHome.lexicallyNormalized()
    } flaw: {
        $0.isAbsolute ? nil : "is '\($0.printable)': a path must begin with / or ~/"
    }
}

extension FilePath {
    fileprivate var fromHome: FilePath {
        guard components.first?.string == "~", root == nil, let home = CurrentProcess.environment("HOME")
        else { return self }
        var path = FilePath(home)
        path.components.append(contentsOf: components.dropFirst())
        return path
    }
}

extension SettingType where Value == String {
    /// The address of a web server.
    static let url = SettingType("a URL", example: "https://hooks.example.org/x") { node in
        guard let text = node.scalar?.string,
            let scheme = ["https://", "http://"].first(where: text.lowercased().hasPrefix),
            text.unicodeScalars.allSatisfy({ $0.isASCII && $0.value > 0x20 && $0.value != 0x7F })
        else { return nil }
        let authority = text.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
        return hasServer(authority) ? text : nil
    }

    /// Whether a host, and a port if there is one, follow the user of an authority (RFC 3986, section 3.2).
    private static func hasServer(_ authority: Substring) -> Bool {
        let server = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        // An address of IPv6 has colons within its brackets.
        let hostEnd = server.lastIndex(of: "]").map { server.index(after: $0) } ?? server.startIndex
        guard let colon = server[hostEnd...].firstIndex(of: ":") else { return !server.isEmpty }
        let port = server[server.index(after: colon)...]
        return colon > server.startIndex
            && (port.isEmpty || port.allSatisfy(\.isNumber) && UInt16(port).map { $0 > 0 } ?? false)
    }
}

extension SettingType where Value == String {
    /// A server without a user: credentials belong elsewhere.
    static let server = SettingType("the URL of a server", example: "https://s3.example.org") { node in
        node.scalar?.string.contains("@") ?? false ? nil : SettingType.url.parse(node)
    }
}

extension SettingType where Value == Bool {
    static let truth = SettingType("true or false", example: "true") { node in
        node.scalar.flatMap { Bool($0.string) }
    }
}

extension SettingType where Value == String {
    /// A word that can be typed without quotes.
    static let name = SettingType("a name (letters, digits, - and .)", example: "offsite") { node in
        guard let text = node.scalar?.string, !text.isEmpty, text.utf8.count <= 64, text.first != "-",
            text.unicodeScalars.allSatisfy({
                $0.isASCII && ($0.properties.isAlphabetic || "0123456789-._".unicodeScalars.contains($0))
            })
        else { return nil }
        return text
    }

    /// Where a copy is kept. Those who use it tell which bucket or path can be one.
    static let remoteURL = SettingType(
        "the URL of a remote",
        example: "s3://bucket/prefix or file:///mnt/nas"
    ) {
        node in
        guard let text = node.scalar?.string,
            let scheme = ["s3://", "file:///"].first(where: text.hasPrefix), text.count > scheme.count,
            // A user would have a password.
            scheme != "s3://" || !text.contains("@")
        else { return nil }
        return text
    } flaw: { text in
        text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
            ? nil : "has a space or a control character: write %20 for a space"
    }
}

extension SettingType where Value == [String] {
    /// Those who use them tell which texts are recipients.
    static let recipients = texts(example: "[holdfast1…]", isRequired: true)
    /// A program and its arguments.
    static let command = texts(example: "[/usr/local/bin/page-me]", isRequired: true)
    static let patterns = texts(example: #"["cache/**"]"#)
    static let tags = texts(example: "[release]") { tag in
        When.isValidName(tag) ? nil : "has '\(tag.printable)', which cannot be a tag"
    }

    /// A list of texts, none of them empty or with a NUL.
    private static func texts(
        example: String,
        isRequired: Bool = false,
        flaw: @escaping @Sendable (String) -> String? = { _ in nil }
    ) -> SettingType {
        SettingType("a list", example: example) { node in
            guard let sequence = node.sequence else { return nil }
            let texts = sequence.compactMap { $0.scalar?.string }
                .filter { !$0.isEmpty && !$0.utf8.contains(0) }
            return texts.count == sequence.count && !(isRequired && texts.isEmpty) ? texts : nil
        } flaw: { texts in
            texts.lazy.compactMap(flaw).first
        }
    }
}
