import ArgumentParser
import History

extension Failure {
    /// What the argument parser does not accept, in one line.
    ///
    /// The parser says what is missing before it says what is wrong, and mostly the one is the other,
    /// mistyped. So an option that the command does not have is named first.
    init(parsing error: any Error, arguments: [String]) {
        let command = KnownCommand(arguments)
        let help = "see holdfast help\(command.map { " \($0.name)" } ?? "")"
        if let command, let unknown = command.unknownOption(among: arguments) {
            let similar = command.options.first { $0.isSimilar(to: unknown) }
            let advice = similar.map { "did you mean \($0)? If not, " } ?? ""
            self.init(.wrongUsage, "holdfast \(command.name) has no option \(unknown): \(advice)\(help)")
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
    /// With that of the command above it, as in `rows restore`.
    let name: String
    let options: [String]

    init?(_ arguments: [String]) {
        var (names, type) = ([String](), Holdfast.self as any ParsableCommand.Type)
        for argument in arguments {
            let subcommands = type.configuration.subcommands
            guard let next = subcommands.first(where: { $0._commandName == argument }) else { break }
            names.append(argument)
            type = next
        }
        guard !names.isEmpty else { return nil }
        name = names.joined(separator: " ")
        let lines = Holdfast.helpMessage(for: type, includeHidden: true).split(separator: "\n")
        options = lines.flatMap { line in
            // A column of options, then one of what they do.
            let words = line.prefix { $0 != "<" }.split { " ,/".contains($0) }
            return line.hasPrefix("  -") ? words.filter { $0.hasPrefix("-") }.map(String.init) : []
        }
    }

    func unknownOption(among arguments: [String]) -> String? {
        for argument in arguments.prefix(while: { $0 != "--" }) where argument.hasPrefix("--") {
            let option = String(argument.prefix { $0 != "=" })
            if !options.contains(option) { return option }
        }
        return nil
    }
}
