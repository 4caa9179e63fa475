import ArgumentParser

struct AlertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alert",
        abstract: "Send the alerts that a watcher gives.",
        discussion: """
            The configuration names commands and web addresses to which the watcher sends alerts.

            Exit status: that of the command behind it; 0 done, 64 wrong usage.

            Examples:
              holdfast alert test
              holdfast alert test --json
            """,
        subcommands: [AlertTestCommand.self, AlertSendCommand.self, AlertStoppedCommand.self]
    )
}
