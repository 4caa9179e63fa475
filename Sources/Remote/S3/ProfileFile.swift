/// The sections and settings of `~/.aws/credentials` or `~/.aws/config`.
///
/// A line is a section `[NAME]`, a setting `NAME = VALUE`, or nothing: empty, or a comment that begins with
/// `#` or `;`. An indented line belongs to the setting before it and is omitted. A later setting replaces an
/// earlier one.
struct ProfileFile {
    private var sections: [String: [String: String]] = [:]

    init(_ text: String) {
        var section: String?
        for line in text.split(whereSeparator: \.isNewline) {
            guard let first = line.first, first != "#", first != ";", !first.isWhitespace else { continue }
            if first == "[" {
                section = line.firstIndex(of: "]").map { Self.trimmed(line[..<$0].dropFirst()) }
                continue
            }
            guard let section, let equals = line.firstIndex(of: "=") else { continue }
            let name = Self.trimmed(line[..<equals]).lowercased()
            sections[section, default: [:]][name] = Self.trimmed(line[line.index(after: equals)...])
        }
    }

    /// The settings of a profile. In the config file its section is called `profile NAME`, unless it is
    /// `default`.
    func profile(_ name: String) -> [String: String]? { sections["profile \(name)"] ?? sections[name] }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0.isWhitespace }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
