import ArgumentParser
import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SystemPackage

struct RepairCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Repair a damaged repository.",
        discussion: """
            For use after check has found damage. Keeps every snapshot before the first damage of a root, and those behind it \
            that are proven. The damaged files and what is not kept go to the root's set-aside directory. Nothing is deleted. What was written by \
            a newer holdfast is refused. Stop the watcher first.

            Which path a root protects is said by its root.json, and by a copy of that. If both are damaged, nothing else says \
            it: the root is left as it is, and --root-path tells what is known.

            Exit status: 0 nothing to do, or repaired, 1 failed, 3 a root's path is unknown, 10 no repository or root, \
            11 a watcher has a root, 64 wrong usage.

            Examples:
              holdfast repair --dry-run
              holdfast repair --repo /mnt/backup/holdfast
            """
    )

    @OptionGroup var options: GlobalOptions

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "What the root in that directory of the repository protects; may be repeated.",
            valueName: "id=path"
        )
    )
    var rootPath: [String] = []

    func perform(_ console: Console) throws -> ExitStatus {
        let path = try options.repositoryPath()
        if try RepositoryDirectory.mendFile(at: path, isDryRun: dryRun) {
            try showMended(path.appending("repository.json"), console)
            // Without it nothing else can be examined.
            if dryRun { return .done }
        }
        let repository = try RepositoryDirectory(at: path)
        let isWhole = try DescriptionRepairs(rootPath, isDryRun: dryRun).run(repository, console)
        for root in try repository.roots().usable {
            if root.hasWriter { throw RepositoryError.locked(root.directory) }
            let (plan, place) = dryRun ? (try RepairPlan(root), nil) : try RootRepair(root).run()
            for item in plan.items { try show(item, place, console) }
            try console.result(
                json: RepairLine(
                    root: root.path.string,
                    repaired: place != nil,
                    items: plan.items.count,
                    snapshotsKept: plan.snapshotsKept,
                    snapshotsSetAside: plan.snapshotsQuarantined,
                    lastKept: plan.lastKept
                ),
                text: text(root, plan, place)
            )
        }
        return isWhole ? .done : .partial
    }

    private func showMended(_ file: FilePath, _ console: Console) throws {
        try console.result(
            json: RepairedFileLine(file: file.string, offset: 0, action: "written anew"),
            text: "\(dryRun ? "to be written anew" : "written anew"): \(file.printable)"
        )
    }

    private func show(_ item: RepairPlan.Item, _ place: FilePath?, _ console: Console) throws {
        try console.result(
            json: RepairedFileLine(file: item.path.string, offset: item.offset, action: "set aside"),
            text:
                "\(place == nil ? "to set aside" : "set aside"): \(item.path.printable) from byte \(item.offset) on"
        )
    }

    private func text(_ root: RootDescription, _ plan: RepairPlan, _ place: FilePath?) -> String {
        let path = root.path.printable
        let kept = Quantity.text(plan.snapshotsKept, "snapshot")
        guard !plan.isEmpty else { return "\(path): \(kept), nothing to repair" }
        let counts = "\(kept) kept, \(plan.snapshotsQuarantined) readable ones set aside"
        guard let place else { return "\(path): \(counts) if it were done" }
        return "\(path): \(counts) in \(place.printable)"
    }
}
