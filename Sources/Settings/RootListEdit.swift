import LinuxSystem
import SystemPackage
import Yams

/// Adds roots to the text of a configuration file and removes them. All else stays as it is, comments too.
struct RootListEdit {
    private(set) var text: String
    private let document: Node?

    /// Throws what Yams throws.
    init(_ text: String) throws {
        self.text = text
        document = try Yams.compose(yaml: text)
    }

    /// What the text of the list must look like to be edited.
    enum Obstacle: Error, Hashable {
        /// `[a, b]` or `{a: b}`: its elements are not on lines of their own.
        case isWrittenInOneLine(line: Int)
    }

    /// Adds an element to the list, which is made if there is none.
    mutating func add(_ path: FilePath) throws(Obstacle) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let element = "- path: \(YAMLScalar.text(path.string))"
        guard let roots else {
            while lines.last?.isEmpty == true { lines.removeLast() }
            text = (lines + ["roots:", "  \(element)", ""]).joined(separator: "\n")
            return
        }
        if let last = try elements(of: roots).last {
            let start = dashLine(of: last, lines)
            lines.insert(lines[start].indentation + element, at: end(from: start, lines))
        } else {
            lines[roots.key.line - 1] = lines[roots.key.line - 1].replacing("[]", with: "")
            lines.insert("  \(element)", at: roots.key.line)
        }
        text = lines.joined(separator: "\n")
    }

    /// Removes the elements with that path. Returns whether there was one.
    mutating func remove(_ path: FilePath) throws(Obstacle) -> Bool {
        guard let roots else { return false }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let elements = try elements(of: roots)
        for element in elements.reversed() where Self.path(of: element) == path {
            let start = dashLine(of: element, lines)
            lines.removeSubrange(start..<end(from: start, lines))
        }
        text = lines.joined(separator: "\n")
        return elements.contains { Self.path(of: $0) == path }
    }

    private static func path(of element: Node) -> FilePath? {
        element.mapping?["path"].flatMap {
            SettingType<FilePath>.path.read($0, named: "path", ConfigurationProblems())?.value
        }
    }

    private var roots: (key: Node, value: Node)? {
        document?.mapping?.first { $0.key.scalar?.string == "roots" }.map { ($0.key, $0.value) }
    }

    /// Its elements, each with lines of its own.
    private func elements(of roots: (key: Node, value: Node)) throws(Obstacle) -> [Node] {
        guard let sequence = roots.value.sequence else { return [] }
        let isInOneLine = beginsFlow(roots.value) && !sequence.isEmpty || document.map(beginsFlow) ?? false
        guard !isInOneLine else { throw .isWrittenInOneLine(line: roots.value.line) }
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
