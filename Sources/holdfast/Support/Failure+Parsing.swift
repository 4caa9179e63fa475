import ArgumentParser

extension Failure {
    /// What the argument parser does not accept, in one line.
    init(parsing error: any Error, arguments: [String]) {
        let said = Holdfast.message(for: error).split(whereSeparator: \.isNewline).joined(separator: " ")
        let message = said.prefix(1).lowercased() + said.dropFirst()
        let end = message.hasSuffix(".") ? String(message.dropLast()) : message
        let command = arguments.first { name in
            Holdfast.configuration.subcommands.contains { $0._commandName == name }
        }
        self.init(.wrongUsage, "\(end): see holdfast help\(command.map { " \($0)" } ?? "")")
    }
}
