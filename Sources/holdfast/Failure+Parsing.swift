import ArgumentParser
import LinuxSystem

extension Failure {
    /// What the argument parser does not accept, in one line.
    ///
    /// The parser says what is missing before it says what is wrong, and mostly the one is the other,
    /// mistyped. So an unknown command or option is named first.
    init(parsing error: any Error, arguments: [String]) {
        let command = KnownCommand(arguments)
        let words = (["holdfast"] + command.names).joined(separator: " ")
        let help = (["see holdfast help"] + command.names).joined(separator: " ")
        if let unknown = command.unknownSubcommand {
            let advice = didYouMean(command.subcommands.nearest(to: unknown))
            self.init(.wrongUsage, "\(words) has no command \(unknown): \(advice)\(help)")
            return
        }
        if let unknown = command.unknownOption(among: arguments) {
            let advice = didYouMean(command.options.nearest(to: unknown))
            self.init(.wrongUsage, "\(words) has no option \(unknown): \(advice)\(help)")
            return
        }
        let said = Holdfast.message(for: error).split(whereSeparator: \.isNewline).joined(separator: " ")
        let message = said.prefix(1).lowercased() + said.dropFirst()
        let end = message.hasSuffix(".") ? String(message.dropLast()) : message
        self.init(.wrongUsage, "\(end): \(help)")
    }
}

/// The command that is meant by arguments, and the options that its help lists.
private struct KnownCommand {
    /// With that of the command above it, as `rows` and `restore`; empty for the program itself.
    private(set) var names: [String] = []
    private let type: any ParsableCommand.Type
    /// A word in place of a subcommand that is none.
    private(set) var unknownSubcommand: String?

    init(_ arguments: [String]) {
        var type = Holdfast.self as any ParsableCommand.Type
        for argument in arguments {
            let subcommands = type.configuration.subcommands
            guard let next = subcommands.first(where: { $0.allNames.contains(argument) }) else {
                let isWord = !argument.hasPrefix("-") && argument != "help"
                if !subcommands.isEmpty, isWord { unknownSubcommand = argument }
                break
            }
            names.append(argument)
            type = next
        }
        self.type = type
    }

    var subcommands: [String] { type.configuration.subcommands.flatMap { $0.allNames } }

    var options: [String] {
        let lines = Holdfast.helpMessage(for: type, includeHidden: true).split(separator: "\n")
        return lines.flatMap { line in
            // A column of options, then one of what they do.
            let words = line.prefix { $0 != "<" }.split { " ,/".contains($0) }
            return line.hasPrefix("  -") ? words.filter { $0.hasPrefix("-") }.map(String.init) : []
        }
    }

    func unknownOption(among arguments: [String]) -> String? {
        guard !names.isEmpty else { return nil }
        let known = options
        for argument in arguments.prefix(while: { $0 != "--" }) where argument.hasPrefix("--") {
            let option = String(argument.prefix { $0 != "=" })
            if !known.contains(option) { return option }
        }
        return nil
    }
}

extension ParsableCommand {
    /// The command's own name first.
    fileprivate static var allNames: [String] { [_commandName] + configuration.aliases }
}
