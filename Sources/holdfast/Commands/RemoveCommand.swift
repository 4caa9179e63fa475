import ArgumentParser
import LinuxSystem
import RepositoryReader
import Service
import Settings
import SystemPackage

struct RemoveCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Protect a directory or file no longer.",
        discussion: """
            It is removed from the configuration, and a running watcher stops to protect it once all that was committed is \
            captured. Its history stays, and can be restored.

            Exit status: 0 done, 1 failed, 10 it is not protected, 64 wrong usage or a wrong configuration.

            Examples:
              holdfast remove ~/notes.db
              holdfast remove /srv/shop/.devteam
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "What to protect no longer.", completion: .protectedPath)
    var path: String

    func perform(_ console: Console) throws -> ExitStatus {
        let file = try options.configurationToEdit()
        let path = try RootChanges.absolute(argument: path)
        let isRemoved = try file.remove(path)
        let news = try WatcherNews(options, file)
        let isStopped = try news.tell(removing: path, console)
        guard isRemoved || isStopped else {
            throw Failure(
                .notFound,
                "\(path.printable) is not in \(file.path.printable), and no watcher protects it: see "
                    + "\(SuggestedCommand("status"))"
            )
        }
        try console.result(
            json: RootChangeLine(root: path.string, configuration: file.path.string, action: "removed"),
            text: "\(path.printable) is protected no longer; its history stays"
        )
        let others = news.others(besides: [path])
        if !others.isEmpty, try !file.namesRoots() {
            console.message(
                "status goes on to expect it, for no configuration names what is to be protected: run "
                    + "\(SuggestedCommand(["add"] + others))"
            )
        }
        return .done
    }
}
