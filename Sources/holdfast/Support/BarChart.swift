import LinuxSystem

/// Bars beside each other, drawn with letters.
struct BarChart {
    /// From a bar that fills the smallest part of a letter to one that fills it.
    private let letters: [Character]
    /// What marks a column.
    let tag: Character
    let gap: Character = "!"

    /// - Parameter isUnicode: otherwise it draws with ASCII.
    init(isUnicode: Bool) {
        letters = Array(isUnicode ? "▁▂▃▄▅▆▇█" : ".:#")
        tag = isUnicode ? "▲" : "^"
    }

    /// Lines from top to bottom, without spaces at their ends. The greatest value has the full height, and no
    /// value but zero is invisible.
    func lines(_ values: [UInt64], height: Int) -> [String] {
        let greatest = Double(values.max() ?? 0)
        let full = Double(height * letters.count)
        let parts = values.map { $0 == 0 ? 0 : max(1, Int((Double($0) / greatest * full).rounded())) }
        return (0..<height).reversed().map { line in
            String(parts.map { letter($0 - line * letters.count) }).trimmedAtEnd
        }
    }

    private func letter(_ parts: Int) -> Character {
        parts <= 0 ? " " : letters[min(parts, letters.count) - 1]
    }

    /// The line below the bars. A gap hides a tag in the same column.
    func marks(tags: Set<Int>, gaps: Set<Int>, columns: Int) -> String {
        String((0..<columns).map { gaps.contains($0) ? gap : tags.contains($0) ? tag : " " }).trimmedAtEnd
    }

    /// Whether the locale of this process has more letters than ASCII (locale(7)).
    static func isUnicode(_ variable: (String) -> String?) -> Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(variable).first { !$0.isEmpty }
        let encoding = (locale ?? "").lowercased().filter { $0 != "-" }
        return encoding.contains("utf8")
    }
}

extension String {
    fileprivate var trimmedAtEnd: String {
        String(reversed().drop { $0 == " " }.reversed())
    }
}
