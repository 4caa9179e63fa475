import ArgumentParser
import History
import LinuxSystem
import SystemPackage

struct RecoveriesCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "recoveries",
        abstract: "List what was restored: the recovery log.",
        discussion: """
            Every restore in place, every row restore and every undo, oldest first: when, which snapshot was used, how \
            many rows of which tables were lost and regained, how long it took, and why, as --reason said.

            Exit status: 0 done, 1 failed, 10 no such root, 64 wrong usage.

            Examples:
              holdfast recoveries
              holdfast recoveries .devteam --markdown
            """
    )

    @OptionGroup var options: GlobalOptions

    @OptionGroup(title: "A remote") var source: RemoteSource

    @Argument(help: "A root or a protected file.", completion: .protectedPath)
    var path: String?

    @Flag(help: "As Markdown, a section for each.")
    var markdown = false

    mutating func validate() throws {
        if markdown && options.json { throw ValidationError("--markdown and --json exclude each other") }
    }

    func perform(_ console: Console) throws -> ExitStatus {
        let target = try Target(path, in: source.openRepository(options, console, for: [path]))
        let index = try SnapshotIndex(target.root)
        let scope = try index.scope(of: target, mayBeDirectory: false).scope
        let report = RecoveryReport(target: target, index: index)
        for entry in index.recoveries {
            if case .file(let file) = scope, entry.before[file] == nil { continue }
            try console.result(
                json: report.line(entry),
                text: markdown ? report.markdown(entry) : report.text(entry),
                wraps: !markdown
            )
        }
        if index.recoveries.isEmpty {
            console.message("nothing was ever restored in \(target.path.printable)")
        }
        return .done
    }
}
