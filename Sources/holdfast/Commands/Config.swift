import ArgumentParser

struct Config: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the configuration, or show what is in effect.",
        discussion: """
            The configuration file is named by --config, else by $HOLDFAST_CONFIG, else it is \
            ${XDG_CONFIG_HOME:-~/.config}/holdfast/config.yaml, for root /etc/holdfast/config.yaml. None is needed.
            """,
        subcommands: [ConfigCheck.self, ConfigShow.self]
    )
}
