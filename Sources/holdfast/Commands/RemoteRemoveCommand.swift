import ArgumentParser
import LinuxSystem
import Remote
import Service
import Settings

struct RemoteRemoveCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a remote from the configuration.",
        discussion: """
            What was shipped to it stays there. A running watcher of the configuration ships to it no longer. If something else \
            in the configuration is wrong, it is named.

            Exit status: 0 done, 1 failed, 10 there is no such remote, 64 wrong usage.

            Examples:
              holdfast remote remove nas
              holdfast remote remove offsite --config /etc/holdfast/config.yaml
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "Its name.")
    var name: String

    func perform(_ console: Console) throws -> ExitStatus {
        let missing = Failure(.notFound, "there is no remote \(name.printable) in the configuration")
        guard let file = options.configurationFile else { throw missing }
        let news = try WatcherNews(options, file)
        guard let (removed, problems) = try file.remove(remote: name, { options.problems(of: $0) }) else {
            // It says which there are.
            _ = try RemoteChoice.named(name, options)
            throw missing
        }
        let remote = RemoteSettings(removed)
        file.warn(of: problems)
        for watcher in news.tellOfRemotes(console) {
            console.message("the running watcher (pid \(watcher.pid)) ships to it no longer")
        }
        if news.mayBeElsewhere { console.warning(WatcherNews.doubt("ship to it")) }
        try console.result(
            json: RemoteLine(remote, action: "removed"),
            text: "removed \(name.printable): what was shipped to \(remote.url.printable) stays there"
        )
        return .done
    }
}
