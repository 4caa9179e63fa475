import ArgumentParser

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make a key for encrypted remotes, show whom it belongs to, or change it.",
        discussion: """
            A remote is encrypted for recipients. Who has the secret key of one of them can read it. The machine that ships \
            needs no secret key: keep it elsewhere, in two places at least.

            Exit status: that of the command behind it; 0 done, 64 wrong usage.

            Examples:
              holdfast key generate --output offsite.key
              holdfast key show offsite.key
            """,
        subcommands: [KeyGenerateCommand.self, KeyShowCommand.self, KeyRewrapCommand.self]
    )
}
