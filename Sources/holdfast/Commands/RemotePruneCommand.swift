import ArgumentParser
import History
import LinuxSystem
import Remote
import RepositoryFormat

struct RemotePruneCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove objects of a remote that no state of the last day needs.",
        discussion: """
            Holdfast deletes nothing in a remote by itself, and ships with credentials that cannot delete. This command needs \
            such that can. Objects that the store does not let go of, as with object lock, are counted and stay. By --grace, all \
            that was needed in that time stays: readers that have begun then go on. Of an encrypted remote, the keys of what is no \
            more there go as well; to find them, the first bytes of each object are read.

            Exit status: 0 done, 1 failed, 10 there is no such remote, 12 the key does not fit, 64 wrong usage.

            Examples:
              holdfast remote prune offsite --dry-run
              holdfast remote prune offsite --grace 30d
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The remote: its name in the configuration, or its URL.")
    var name: String

    @OptionGroup var remote: RemoteOptions

    @Option(help: .time("What was needed in that time stays; 2h at least."), transform: parseDuration)
    var grace: Duration = .seconds(86_400)

    @Flag(help: "Remove nothing, and say what would be removed.")
    var dryRun = false

    mutating func validate() throws {
        if grace < RemotePrune.leastGrace { throw ValidationError("--grace must be 2h at least") }
    }

    func perform(_ console: Console) throws -> ExitStatus {
        let settings = remote.settings(try RemoteChoice.named(name, options))
        return try EventLoop.run("remote") { loop in
            let session = RemoteSession(settings, on: loop, console)
            let access = try await session.openForReading()
            return try await session.naming {
                for root in try await access.roots() {
                    let prune = RemotePrune(access.reading(root), grace: grace, isDryRun: dryRun)
                    let line = RemotePruneLine(root: root, try await prune.run(), isDryRun: dryRun)
                    let size = Quantity.text(bytes: line.bytes)
                    let removed = "\(Quantity.text(line.removed, "object")), \(size)"
                    var text = "root \(root): \(removed) \(dryRun ? "would be removed" : "removed")"
                    if let reason = line.reason { text += ", \(line.kept) kept: \(reason)" }
                    try console.result(json: line, text: text)
                }
                let keys = try await KeyPrune(access, grace: grace, isDryRun: dryRun).run()
                if keys != KeyPrune.Outcome() {
                    let line = KeyPruneLine(keys, isDryRun: dryRun)
                    let removed = Quantity.text(line.keysRemoved, "key")
                    var text = "\(removed) without content \(dryRun ? "would be removed" : "removed")"
                    if let reason = line.reason { text += ", \(line.kept) kept: \(reason)" }
                    try console.result(json: line, text: text)
                }
                return .done
            }
        }
    }
}
