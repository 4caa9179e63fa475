/// The words of an SQL statement for finding names in it, without quotes and comments.
struct SQLWords {
    private let words: [String]

    init(_ sql: String) {
        var words: [String] = []
        var rest = sql.unicodeScalars[...]
        while let first = rest.first {
            if let end = Self.closing[first] {
                words.append(Self.quoted(&rest, end))
            } else if rest.starts(with: "--".unicodeScalars) {
                rest = rest.drop { $0 != "\n" }
            } else if rest.starts(with: "/*".unicodeScalars) {
                while !rest.isEmpty, !rest.starts(with: "*/".unicodeScalars) { rest.removeFirst() }
                rest = rest.dropFirst(2)
            } else if Self.isWord(first) {
                let word = rest.prefix(while: Self.isWord)
                words.append(String(word))
                rest = rest.dropFirst(word.count)
            } else {
                if !first.properties.isWhitespace { words.append(String(first)) }
                rest.removeFirst()
            }
        }
        self.words = words
    }

    func begins(with names: [String]) -> Bool {
        words.count >= names.count && zip(words, names).allSatisfy { $0.isSameName(as: $1) }
    }

    func mention(_ name: String) -> Bool { words.containsName(name) }

    /// The table whose rows a full-text index covers, if that is not its own; nil if there is none.
    var content: String? {
        guard let using = words.firstIndex(where: { $0.isSameName(as: "using") }), using + 1 < words.count,
            words[using + 1].lowercased().hasPrefix("fts")
        else { return nil }
        let place = words.indices.first { index in
            words[index].isSameName(as: "content") && index + 2 < words.count && words[index + 1] == "="
                && [",", "("].contains(words[index - 1])
        }
        guard let place, !words[place + 2].isEmpty else { return nil }
        return words[place + 2]
    }

    private static let closing: [Unicode.Scalar: Unicode.Scalar] = ["\"": "\"", "'": "'", "`": "`", "[": "]"]

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar == "$" || scalar.value >= 0x80
            || (scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)))
    }

    /// The text in quotes; a doubled quote is one.
    private static func quoted(_ rest: inout Substring.UnicodeScalarView, _ end: Unicode.Scalar) -> String {
        var text = String.UnicodeScalarView()
        rest.removeFirst()
        while let scalar = rest.popFirst() {
            if scalar == end {
                guard rest.first == end else { break }
                rest.removeFirst()
            }
            text.append(scalar)
        }
        return String(text)
    }
}
