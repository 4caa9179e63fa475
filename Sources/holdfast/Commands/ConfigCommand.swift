import ArgumentParser

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check the configuration, or show what is in effect.",
        discussion: """
            The configuration file is named by --config, else by $HOLDFAST_CONFIG, else it is \
            ${XDG_CONFIG_HOME:-~/.config}/holdfast/config.yaml, for root /etc/holdfast/config.yaml. None is needed.

            Exit status: that of the command behind it; 0 done, 64 wrong usage.

            Examples:
              holdfast config check
              holdfast config show --origin
            """,
        subcommands: [ConfigCheckCommand.self, ConfigShowCommand.self]
    )
}
