/// Lines that are too long for a terminal.
extension String {
    /// The text in lines of at most so many columns. Colours (ECMA-48, SGR) take none.
    ///
    /// 1. A line goes on, indented, in the next one. It is broken at a space, or within a word that is too
    ///    long for a line of its own.
    /// 2. A command that the line ends with is not broken if it fits in a line of its own. Otherwise it is
    ///    broken with a backslash between its words, so that it can be pasted all the same. A word of it that
    ///    is too long stays whole.
    func wrapped(to width: Int) -> String {
        guard width >= Self.leastWidth else { return self }
        let lines = split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { LineWrapper(String($0), width).text }.joined(separator: "\n")
    }

    /// In a terminal that is still narrower, nothing can be read anyway.
    private static let leastWidth = 20
}

/// One line, letter by letter.
private struct LineWrapper {
    /// A letter, or the beginning or end of a colour, which takes no column.
    private struct Cell {
        let text: String
        let columns: Int
        /// Whether a command may be broken here: a space that is not within quotes.
        var isBreak: Bool
    }

    private let line: String
    private let width: Int
    /// None if it fits.
    private var cells: [Cell] = []
    /// Where a command begins that the line ends with.
    private var command: Int?

    init(_ line: String, _ width: Int) {
        (self.line, self.width) = (line, width)
        guard line.contains("\u{1b}") || line.columns > width else { return }
        var rest = line[...]
        while let character = rest.popFirst() {
            if character == "\u{1b}" {
                let end = rest.firstIndex(of: "m").map { rest.index(after: $0) } ?? rest.endIndex
                cells.append(Cell(text: "\u{1b}" + rest[..<end], columns: 0, isBreak: false))
                rest = rest[end...]
            } else {
                let text = String(character)
                cells.append(Cell(text: text, columns: text.columns, isBreak: character == " "))
            }
        }
        command = beginOfCommand
        if let command { keepQuotedTogether(from: command) }
    }

    private func columns(_ range: Range<Int>) -> Int { cells[range].reduce(0) { $0 + $1.columns } }

    /// A line that is a command, perhaps behind a prompt, or that ends with the advice to see one.
    private var beginOfCommand: Int? {
        let shown = cells.enumerated().filter { $0.element.columns > 0 }
        let text = shown.map(\.element.text).joined()
        for (front, isWhole) in [("holdfast ", true), ("$ holdfast ", true), (": see holdfast ", false)] {
            let trimmed = text.drop { $0 == " " }
            if isWhole, trimmed.hasPrefix(front) { return shown[text.count - trimmed.count].offset }
            if !isWhole, let range = text.ranges(of: front).last {
                let place = text.distance(from: text.startIndex, to: range.upperBound) - "holdfast ".count
                return shown[place].offset
            }
        }
        return nil
    }

    /// Within quotes no space ends a word (POSIX shell, 2.2).
    private mutating func keepQuotedTogether(from start: Int) {
        var (quote, isEscaped, last) = ("", false, "")
        for place in start..<cells.count where cells[place].columns > 0 {
            let letter = cells[place].text
            if !quote.isEmpty || isEscaped { cells[place].isBreak = false }
            if isEscaped {
                isEscaped = false
            } else if letter == "\\", quote != "'" {
                isEscaped = true
            } else if letter == "'" {
                quote = quote.isEmpty ? (last == "$" ? "$'" : "'") : ""
            }
            last = letter
        }
    }

    /// Of all lines but the first.
    private var indentation: Int {
        let spaces = cells.lazy.filter { $0.columns > 0 }.prefix { $0.text == " " }.count
        return min(spaces + 2, width / 2)
    }

    var text: String {
        guard columns(0..<cells.count) > width else { return line }
        var (result, colour, start) = ("", "", 0)
        while start < cells.count {
            let room = width - (start == 0 ? 0 : indentation)
            let end = endOfLine(start, room)
            if start > 0 { result += "\n" + String(repeating: " ", count: indentation) + colour }
            for cell in cells[start..<end] {
                result += cell.text
                if cell.text.hasPrefix("\u{1b}") { colour = cell.text == "\u{1b}[0m" ? "" : cell.text }
            }
            start = end
            while start < cells.count, cells[start].text == " " { start += 1 }
            guard start < cells.count else { break }
            if let command, end > command { result += " \\" }
            if !colour.isEmpty { result += "\u{1b}[0m" }
        }
        return result
    }

    /// The end of the line that begins there.
    private func endOfLine(_ start: Int, _ room: Int) -> Int {
        if columns(start..<cells.count) <= room { return cells.count }
        if let command, start < command, columns(start..<command) <= room,
            columns(command..<cells.count) <= width - indentation
        {
            return trimmed(command, start)
        }
        var (place, used, lastBreak) = (start, 0, start)
        while place < cells.count {
            let isInCommand = command.map { place >= $0 } ?? false
            used += cells[place].columns
            if used > room - (isInCommand ? 2 : 0), !(cells[place].isBreak && used - 1 <= room) { break }
            if cells[place].isBreak, place > start { lastBreak = place }
            place += 1
        }
        if trimmed(lastBreak, start) > start { return trimmed(lastBreak, start) }
        guard let command, place >= command else { return max(place, start + 1) }
        return cells[place...].firstIndex { $0.isBreak } ?? cells.count
    }

    /// The place without the spaces before it.
    private func trimmed(_ place: Int, _ start: Int) -> Int {
        var place = place
        while place > start, cells[place - 1].text == " " { place -= 1 }
        return place
    }
}
