import ArgumentParser
import History
import LinuxSystem
import RepositoryReader
import SystemPackage

struct StatsCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Show what protection costs: sizes, ratios, growth, the effort of a restore.",
        discussion: """
            With PATH only that root. Works beside a running watcher. Ratios say how many times smaller the history is \
            (segments and base images, without mirrors) than the whole image of each snapshot would be, and than the \
            pages that each one changed.

            A restore is estimated for the whole root, as of the latest and of the most expensive moment: base images and \
            records are read, their pages unpacked, images written. The time is that of two walks over the history, \
            measured just now, and 200 MB of all that in a second, which is assumed. With --from, sizes are those of the \
            history that the remote has, and nothing is estimated for its transfer.

            Exit status: 0 done, 1 failed, 4 the history is damaged (what is intact was counted), 10 no repository or no \
            such root, 64 wrong usage.

            Examples:
              holdfast stats
              holdfast stats .devteam --json
            """
    )

    @OptionGroup var options: GlobalOptions

    @OptionGroup(title: "A remote") var source: RemoteSource

    @Argument(help: "A protected file or root.", completion: .protectedPath)
    var path: String?

    func perform(_ console: Console) throws -> ExitStatus {
        let repository = try source.openRepository(options, console, for: path.map { [$0] } ?? [])
        let unusable = try path == nil ? repository.roots().unusable : []
        let roots = try path.map { [try Target($0, in: repository).root] } ?? repository.roots().usable
        if roots.isEmpty, unusable.isEmpty {
            console.message(Target.nothingIsProtected(in: repository))
        }
        let now = Instant.now
        var total = RootStatistics(now: now)
        var damage = unusable.first { $0.isDamage }?.finding
        for root in roots {
            let reading = try RootReading(root, now: now)
            let report = StatsReport(statistics: reading.statistics, now: now)
            try console.result(
                json: StatsLine(.root(root.path.string), reading.statistics, reading),
                text: console.style.bold(root.path.printable) + "\n" + report.text(reading)
            )
            total.add(reading.statistics)
            damage = damage ?? reading.damage
        }
        if path == nil, roots.count > 1 || console.isJSON {
            let report = StatsReport(statistics: total, now: now)
            try console.result(
                json: StatsLine(.all(roots: roots.count), total),
                text: console.style.bold("\(Quantity.text(roots.count, "root")) in all") + "\n"
                    + report.text()
            )
        }
        guard let damage else { return .done }
        try console.flush()
        throw Failure(damage)
    }
}
