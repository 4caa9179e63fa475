import ArgumentParser
import LinuxSystem
import Remote
import RepositoryReader

struct RemoteListCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the remotes of the configuration.",
        discussion: """
            Exit status: 0 done, 1 failed, 64 wrong usage, or the configuration is wrong.

            Examples:
              holdfast remote list
              holdfast remote list --json
            """
    )

    @OptionGroup var options: GlobalOptions

    func perform(_ console: Console) throws -> ExitStatus {
        for remote in try RemoteChoice.all(options) {
            let kind = remote.isEncrypted ? "encrypted" : "not encrypted"
            try console.result(
                json: RemoteLine(remote),
                text: "\(remote.title)\t\(remote.url.printable)\t\(kind)",
                wraps: false
            )
        }
        return .done
    }
}
