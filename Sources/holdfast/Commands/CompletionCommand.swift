import ArgumentParser

struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Write what a shell needs to complete commands.",
        discussion: """
            The script is for bash, zsh or fish, and goes where the shell looks for completions. It completes commands and \
            options, and from the repository tags, roots, files and tables.

            Exit status: 0 done, 64 wrong usage.

            Examples:
              holdfast completion bash
              holdfast completion zsh
            """
    )

    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish

        var generator: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    @Argument(help: "The shell.")
    var shell: Shell

    /// The script for a program with all of its commands, which the program writes: no command knows it.
    func script(of program: any ParsableCommand.Type) -> String {
        program.completionScript(for: shell.generator)
    }
}
