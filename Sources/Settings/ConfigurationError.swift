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
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _)?, .parser(_, let problem, let mark, _)?,
            .composer(_, let problem, let mark, _)?:
            self.init(line: mark.line, message: "is no YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context)?:
            self.init(
                line: context.mark.line,
                message: "\(keys.sorted().joined(separator: ", ")) is there twice"
            )
        case .reader(let problem, let offset, _, _)?:
            let before = text.unicodeScalars.prefix(offset ?? 0)
            self.init(line: 1 + before.count { $0 == "\n" }, message: "is no YAML: \(problem)")
        default: self.init(line: 1, message: "is no YAML: \(error)")
        }
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
