import LinuxSystem
import SystemPackage
import Yams

/// Adds elements to a list in the text of a configuration file and removes them: roots, or remotes. All else
/// stays as it is, comments too.
struct ListEdit {
    private(set) var text: String
    private let list: String
    private let document: Node?

    /// `list`: its key. Throws what Yams throws.
    init(_ text: String, of list: String) throws {
        (self.text, self.list) = (text, list)
        document = try Yams.compose(yaml: text)
    }

    /// What the text of the list must look like to be edited.
    enum Obstacle: Error, Hashable {
        /// `[a, b]` or `{a: b}`: its elements are not on lines of their own.
        case isWrittenInOneLine(line: Int)
    }

    /// Adds an element, as YAML in one line, to the list, which is made if there is none.
    mutating func add(_ content: String) throws(Obstacle) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let element = "- \(content)"
        guard let entry else {
            while lines.last?.isEmpty == true { lines.removeLast() }
            text = (lines + ["\(list):", "  \(element)", ""]).joined(separator: "\n")
            return
        }
        if let last = try elements(of: entry).last {
            let start = dashLine(of: last, lines)
            lines.insert(lines[start].indentation + element, at: end(from: start, lines))
        } else {
            lines[entry.key.line - 1] = lines[entry.key.line - 1].replacing("[]", with: "")
            lines.insert("  \(element)", at: entry.key.line)
        }
        text = lines.joined(separator: "\n")
    }

    /// Removes the elements that are meant. Returns whether there was one.
    mutating func remove(where isMeant: (Node) -> Bool) throws(Obstacle) -> Bool {
        guard let entry else { return false }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let meant = try elements(of: entry).filter(isMeant)
        for element in meant.reversed() {
            let start = dashLine(of: element, lines)
            lines.removeSubrange(start..<end(from: start, lines))
        }
        text = lines.joined(separator: "\n")
        return !meant.isEmpty
    }

    private var entry: (key: Node, value: Node)? {
        document?.mapping?.first { $0.key.scalar?.string == list }.map { ($0.key, $0.value) }
    }

    /// Its elements, each with lines of its own.
    private func elements(of entry: (key: Node, value: Node)) throws(Obstacle) -> [Node] {
        guard let sequence = entry.value.sequence else { return [] }
        let isInOneLine = beginsFlow(entry.value) && !sequence.isEmpty || document.map(beginsFlow) ?? false
        guard !isInOneLine else { throw .isWrittenInOneLine(line: entry.value.line) }
        return Array(sequence)
    }

    /// Whether a list or mapping is written in brackets: Yams does not keep the style.
    private func beginsFlow(_ node: Node) -> Bool {
        guard let mark = node.mark else { return false }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let rest = lines[mark.line - 1].unicodeScalars.dropFirst(mark.column - 1)
        return rest.first == "[" || rest.first == "{"
    }

    /// The line with the dash of an element, counted from 0. The dash may be on a line before the first key.
    private func dashLine(of element: Node, _ lines: [String]) -> Int {
        var line = element.line - 1
        while line > 0, !lines[line].drop(while: { $0 == " " }).hasPrefix("-") { line -= 1 }
        return line
    }

    /// The line behind an element: the first one that is not indented more than its dash. Blank lines and
    /// comments before that belong to what follows.
    private func end(from start: Int, _ lines: [String]) -> Int {
        let depth = lines[start].indentation.count
        var end = start + 1
        for line in lines.indices[end...] {
            let content = lines[line].drop { $0 == " " }
            if content.isEmpty { continue }
            if lines[line].indentation.count <= depth { break }
            end = line + 1
        }
        return end
    }
}

extension String {
    fileprivate var indentation: String { String(prefix { $0 == " " }) }
}
