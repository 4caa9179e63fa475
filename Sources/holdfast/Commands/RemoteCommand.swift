import ArgumentParser

struct RemoteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remote",
        abstract: "Add, list, remove or check the places off this machine where a copy is kept.",
        discussion: """
            Exit status: that of the command behind it; 0 done, 64 wrong usage.

            Examples:
              holdfast remote add nas file:///mnt/nas/holdfast
              holdfast remote list
            """,
        subcommands: [
            RemoteAddCommand.self, RemoteListCommand.self, RemoteRemoveCommand.self, RemoteCheckCommand.self,
            RemotePruneCommand.self,
        ]
    )
}
