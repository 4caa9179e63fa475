/// Text in the columns of a terminal.
extension String {
    /// The number of columns that a terminal takes for it (Unicode Standard Annex 11, in short).
    var columns: Int { reduce(0) { $0 + $1.columns } }

    /// At most so many columns: what does not fit is left out at the end.
    func clipped(to width: Int) -> String {
        columns <= width ? self : prefix(columns: width - 1) + "…"
    }

    /// As `clipped`, of a text with colours (ECMA-48, SGR), which take no columns and stay.
    func clippedWithStyle(to width: Int) -> String {
        var (text, left) = ("", width)
        var rest = self[...]
        while let character = rest.popFirst() {
            guard character == "\u{1b}" else {
                left -= String(character).columns
                if left >= 0 { text.append(character) }
                continue
            }
            let end = rest.firstIndex(of: "m") ?? rest.endIndex
            text += "\u{1b}" + rest[..<end] + "m"
            rest = rest[end...].dropFirst()
        }
        return text
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
    /// A letter with its marks takes the columns of its first scalar.
    fileprivate var columns: Int {
        guard let scalar = unicodeScalars.first else { return 0 }
        switch scalar.value {
        // East Asian letters and emoji.
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3,
            0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f,
            0x1f900...0x1f9ff, 0x20000...0x3fffd:
            return 2
        default: return scalar.properties.generalCategory == .nonspacingMark ? 0 : 1
        }
    }
}
