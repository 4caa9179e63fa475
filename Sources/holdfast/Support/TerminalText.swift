/// Text in the columns of a terminal.
extension String {
    /// The number of columns that a terminal takes for it (Unicode Standard Annex 11, and its section 5.2 on
    /// emoji).
    var columns: Int { reduce(0) { $0 + $1.columns } }

    /// At most so many columns: what does not fit is left out at the end.
    func clipped(to width: Int) -> String {
        columns <= width ? self : prefix(columns: width - 1) + "…"
    }

    /// At most so many columns: what does not fit is left out in the middle, because names differ at their
    /// ends.
    func shortenedInMiddle(to width: Int) -> String {
        guard columns > width else { return self }
        guard width > 2 else { return clipped(to: max(1, width)) }
        let tail = width / 2
        let end = String(String(reversed()).prefix(columns: tail).reversed())
        return prefix(columns: width - 1 - end.columns) + "…" + end
    }

    private func prefix(columns width: Int) -> String {
        var (text, left) = ("", width)
        for character in self {
            left -= character.columns
            guard left >= 0 else { break }
            text.append(character)
        }
        return text
    }

    func paddedOnLeft(to width: Int) -> String {
        String(repeating: " ", count: max(0, width - columns)) + self
    }

    func paddedOnRight(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - columns))
    }

    /// Cells side by side. As printf has it: of a negative width, the text is at the left.
    static func cells(_ cells: [(text: String, width: Int)]) -> String {
        cells.map { $1 < 0 ? $0.paddedOnRight(to: -$1) : $0.paddedOnLeft(to: $1) }.joined(separator: "  ")
    }
}

extension Character {
    /// An emoji is one picture, whatever it is made of. In any other letter, each part takes its columns.
    fileprivate var columns: Int {
        guard let first = unicodeScalars.first else { return 0 }
        if first.isASCII, unicodeScalars.count == 1 { return 1 }
        let isPicture = unicodeScalars.contains("\u{fe0f}") && first.properties.isEmoji
        if first.properties.isEmojiPresentation || isPicture { return 2 }
        return unicodeScalars.reduce(0) { $0 + $1.columns }
    }
}

extension Unicode.Scalar {
    fileprivate var columns: Int {
        switch value {
        // The vowels and last consonants of a Korean syllable are drawn into it.
        case 0x1160...0x11ff, 0xd7b0...0xd7ff: return 0
        // East Asian letters, wide and full-width.
        case 0x1100...0x115f, 0x2329...0x232a, 0x2e80...0x303e, 0x3041...0xa4cf, 0xa960...0xa97f,
            0xac00...0xd7a3, 0xf900...0xfaff, 0xfe10...0xfe19, 0xfe30...0xfe6f, 0xff00...0xff60,
            0xffe0...0xffe6, 0x16fe0...0x18dff, 0x1aff0...0x1b2ff, 0x1f200...0x1f265, 0x20000...0x3fffd:
            return 2
        default: break
        }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: return properties.isEmojiPresentation ? 2 : 1
        }
    }
}
