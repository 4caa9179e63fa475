import LinuxSystem

/// Texts as scalars of YAML.
package enum YAMLScalar {
    /// The text, in double quotes unless it is plain wherever it stands (yaml.org/spec/1.2.2, section 7.3).
    package static func text(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy {
            $0.isASCII && $0.properties.isAlphabetic || "0123456789/._-+".unicodeScalars.contains($0)
        }
        let begins = text.unicodeScalars.first.map { $0 == "/" || $0.properties.isAlphabetic } ?? false
        if isPlain, begins { return text }
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case _ where scalar.properties.generalCategory == .control:
                "\\u" + scalar.value.padded(to: 4, radix: 16)
            default: "\(scalar)"
            }
        }
        return "\"\(escaped.joined())\""
    }
}
