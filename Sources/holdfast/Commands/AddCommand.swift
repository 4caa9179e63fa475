import ArgumentParser
import LinuxSystem
import RepositoryReader
import Service
import Settings
import SystemPackage

struct AddCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Protect one more directory or file.",
        discussion: """
            The configuration keeps it, and is made if there is none. A running watcher protects it at once. What does not \
            exist yet is protected as soon as it does.

            Exit status: 0 done, 1 failed, 64 wrong usage or a wrong configuration.

            Examples:
              holdfast add ~/notes.db
              holdfast add /srv/app/.devteam /srv/shop/.devteam
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "What to protect.", completion: .file())
    var path: [String]

    func perform(_ console: Console) throws -> ExitStatus {
        let file = try options.configurationToEdit()
        let paths = try path.map { try RootChanges.absolute(argument: $0) }
        let isFirst = try !file.namesRoots()
        let new = try file.add(paths) { options.problems(of: $0) }
        for path in paths {
            let isNew = new.contains(path)
            let place = file.path.printable
            try console.result(
                json: RootChangeLine(
                    root: path.string,
                    configuration: file.path.string,
                    action: isNew ? "added" : "unchanged"
                ),
                text: isNew
                    ? "\(path.printable) was added to \(place)" : "\(path.printable) is in \(place) already"
            )
            if FileStatus.ifPresent(path) == nil {
                console.warning("\(path.printable) does not exist yet: it is protected as soon as it does")
            }
        }
        let news = try WatcherNews(options, file)
        try news.tell(adding: paths, console)
        let others = news.others(besides: paths)
        if isFirst, !others.isEmpty {
            console.message(
                "when its watcher ends, status does not expect what the configuration does not name: run "
                    + "\(SuggestedCommand(["add"] + others))"
            )
        }
        return .done
    }
}
