import LinuxSystem
package import SystemPackage
import Yams

/// What is wrong at one line of a configuration file.
package struct ConfigurationProblem: Hashable, Sendable {
    /// Counted from 1.
    package let line: Int
    /// What is wrong, and what to write instead.
    package let message: String

    package init(line: Int, message: String) {
        (self.line, self.message) = (line, message)
    }
}

extension ConfigurationProblem {
    /// What Yams has against a text.
    init(_ error: any Error, in text: String) {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _)?, .parser(_, let problem, let mark, _)?,
            .composer(_, let problem, let mark, _)?:
            let indentation = lines.dropFirst(mark.line - 1).first?.prefix { $0.isWhitespace } ?? ""
            let message = indentation.contains("\t") ? "begins with a tab: indent with spaces" : problem
            self.init(line: mark.line, message: "is no YAML: \(message)")
        case .duplicatedKeysInMapping(let keys, let context)?:
            let key = keys.first ?? ""
            self.init(
                line: Self.line(repeating: key, from: context.mark, in: lines),
                message: "\(key) is there twice: remove one of them"
            )
        case .reader(let problem, let offset, _, _)?:
            let before = text.unicodeScalars.prefix(offset ?? 0)
            self.init(line: 1 + before.count { $0 == "\n" }, message: "is no YAML: \(problem)")
        default: self.init(line: 1, message: "is no YAML: \(error)")
        }
    }
}

extension ConfigurationProblem {
    /// The line that repeats a key of a mapping. `mark`: where the key is first, in the indentation of all
    /// keys of the mapping. Where they are not on lines of their own, it is the line of the first.
    private static func line(repeating key: String, from mark: Mark, in lines: [Substring]) -> Int {
        for (number, line) in lines.enumerated().dropFirst(mark.line) {
            let content = line.drop { $0 == " " }
            guard !content.isEmpty, content.first != "#" else { continue }
            let column = line.count - content.count + 1
            guard column >= mark.column else { break }
            let quotes: Set<Character> = ["\"", "'"]
            let rest = content.drop { quotes.contains($0) }
            guard column == mark.column, rest.hasPrefix(key) else { continue }
            let behind = rest.dropFirst(key.count).drop { quotes.contains($0) || $0 == " " }
            if behind.first == ":" { return number + 1 }
        }
        return mark.line
    }
}

/// A configuration file that cannot be used. Nothing of it takes effect.
package enum ConfigurationError: Error, Hashable, Sendable {
    /// The file was named, and there is none.
    case missing(FilePath)
    /// It may name commands that are run, and others could change it.
    case unsafe(FilePath, reason: String)
    /// It is no regular file, or too long to be a configuration.
    case notAFile(FilePath)
    /// A list in it, of roots or remotes, has a form that only a person can change.
    case uneditable(FilePath, list: String, line: Int)
    /// What is wrong, by line; there is at least one problem.
    case invalid(FilePath, [ConfigurationProblem])
    /// What would be wrong with the file after a change, which is not made; there is at least one message.
    case wouldBeInvalid([String])
}

extension ConfigurationError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing(let file):
            "there is no configuration file \(file.printable): create it, or do not name it"
        case .unsafe(let file, let reason): "the configuration file \(file.printable) \(reason)"
        case .notAFile(let file):
            "\(file.printable) is no configuration file: name a text file of at most "
                + "\(ConfigurationFile.maximumBytes) bytes"
        case .uneditable(let file, let list, let line):
            "\(file.printable):\(line): the list of \(list) cannot be changed here: edit it by hand, one on each "
                + "line, then run \(SuggestedCommand("config", "check"))"
        case .invalid(let file, let problems):
            "\(file.printable):\(problems[0].line): \(problems[0].message)"
                + (problems.count > 1
                    ? " (1 of \(problems.count) problems: see \(SuggestedCommand("config", "check")))" : "")
        case .wouldBeInvalid(let messages): messages.joined(separator: "; ")
        }
    }
}
