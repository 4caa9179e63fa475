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
                section = line.firstIndex(of: "]").map { line[..<$0].dropFirst().trimmed }
                continue
            }
            guard let section, let equals = line.firstIndex(of: "=") else { continue }
            let name = line[..<equals].trimmed.lowercased()
            sections[section, default: [:]][name] = line[line.index(after: equals)...].trimmed
        }
    }

    /// The settings of a profile. In the config file its section is called `profile NAME`, unless it is
    /// `default`.
    func profile(_ name: String) -> [String: String]? { sections["profile \(name)"] ?? sections[name] }
}
