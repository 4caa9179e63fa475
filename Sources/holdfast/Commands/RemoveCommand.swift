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
            captured. Its history stays, and can be restored. If something else in the configuration is wrong, it is named.

            Exit status: 0 done, 1 failed, 3 removed, but a watcher may go on, 10 it is not protected, 64 wrong usage or a wrong \
            configuration.

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
        let problems = try file.remove(path) { options.problems(of: $0) }
        let news = try WatcherNews(options, file)
        let stop = Result { try news.tell(removing: path) }
        guard try problems != nil || stop.get() else {
            throw Failure(
                .notFound,
                "\(path.printable) is not in \(file.path.printable), and no watcher protects it: see "
                    + "\(SuggestedCommand("status"))"
            )
        }
        let line = RootChangeLine(root: path.string, configuration: file.path.string, action: "removed")
        file.warn(of: problems ?? [])
        let doubt: String? =
            switch stop {
            case .failure(let error): "a running watcher goes on to protect it: \(Failure.reason(error))"
            case .success(false) where news.mayBeElsewhere: WatcherNews.doubt("protect it")
            case .success: nil
            }
        if let doubt {
            try console.result(
                json: line,
                text: "\(path.printable) was removed from \(file.path.printable)"
            )
            console.warning(doubt)
            return .partial
        }
        try console.result(
            json: line,
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
