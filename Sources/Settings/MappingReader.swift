import LinuxSystem
import Yams

/// Reads the keys of one mapping. What is wrong is collected, so that all of it is reported at once.
struct MappingReader {
    /// Its place in the file for messages: `watch`, `roots[2]`; empty for the whole file.
    private let name: String
    private let line: Int
    private let entries: [String: Node]
    private let keys: [(name: String, line: Int)]
    private let problems: ConfigurationProblems
    /// The keys that were asked for.
    private var known: [String] = []

    /// Reports a problem and returns nil if `node` is no mapping.
    ///
    /// - Parameter name: nil for the whole file.
    init?(_ node: Node, named name: String? = nil, _ problems: ConfigurationProblems) {
        guard let mapping = node.mapping else {
            problems.add(node.line, "\(name ?? "the configuration") is no mapping: write KEY: VALUE")
            return nil
        }
        self.name = name ?? ""
        self.problems = problems
        line = node.line
        keys = mapping.keys.map { ($0.scalar?.string ?? "?", $0.line) }
        entries = Dictionary(zip(keys.map(\.name), mapping.values)) { first, _ in first }
    }

    /// The value of that key; nil if it is absent or wrong.
    mutating func setting<Value>(_ key: String, _ type: SettingType<Value>) -> Setting<Value>? {
        guard let node = node(key) else { return nil }
        return type.read(node, named: path(of: key), problems)
    }

    /// As `setting`; its absence is a problem.
    mutating func required<Value>(_ key: String, _ type: SettingType<Value>) -> Setting<Value>? {
        if entries[key] == nil { problems.add(line, "\(name) has no \(key): add \(key): \(type.example)") }
        return setting(key, type)
    }

    /// The mapping below that key.
    mutating func mapping(_ key: String) -> MappingReader? {
        node(key).flatMap { MappingReader($0, named: path(of: key), problems) }
    }

    /// The elements of the list below that key, each with its name for messages.
    mutating func list(_ key: String) -> [(node: Node, name: String)] {
        guard let node = node(key), node.scalar?.string != "" else { return [] }
        guard let sequence = node.sequence else {
            problems.add(node.line, "\(path(of: key)) is no list: begin each element with a dash")
            return []
        }
        return sequence.enumerated().map { ($1, "\(path(of: key))[\($0 + 1)]") }
    }

    /// The node below that key; nil if it is absent.
    mutating func node(_ key: String) -> Node? {
        if !known.contains(key) { known.append(key) }
        return entries[key]
    }

    /// Reports the keys that nobody has asked for.
    func finish() {
        for key in keys where !known.contains(key.name) {
            let advice =
                known.nearest(to: key.name).map { "did you mean \($0)?" }
                ?? "known are \(known.sorted().joined(separator: ", "))"
            problems.add(key.line, "\(path(of: key.name)) is no setting: \(advice)")
        }
    }

    /// The name of that key for messages.
    func path(of key: String) -> String { name.isEmpty ? key : "\(name).\(key)" }
}

/// What is wrong with a file, as far as it was read.
final class ConfigurationProblems {
    private(set) var all: [ConfigurationProblem] = []

    func add(_ line: Int, _ message: String) {
        all.append(ConfigurationProblem(line: line, message: message))
    }
}

extension Node {
    /// Counted from 1.
    var line: Int { mark?.line ?? 1 }
}
