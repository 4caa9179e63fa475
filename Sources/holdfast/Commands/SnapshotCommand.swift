import ArgumentParser
import History
import RepositoryFormat
import Service

struct SnapshotCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Wait until everything committed so far is durable, and tag it.",
        discussion: """
            Without --tag it is the same as sync. A tag is a WHEN for every other command. With --automatic it counts for \
            30 days, as those that guard sets: retention may remove the moment after that.

            Exit status: 0 done, 1 failed or timed out, 10 no such root, 11 another writer has it, 64 wrong usage.

            Examples:
              holdfast snapshot --tag before-cleanup
              holdfast snapshot .devteam --tag v2 --message "before the upgrade"
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A root or a protected file.", completion: .protectedPath)
    var path: String?

    @Option(help: ArgumentHelp("A name for this moment.", valueName: "name"), transform: parseTagName)
    var tag: String?

    @Option(help: ArgumentHelp("What it is for.", valueName: "text"))
    var message: String = ""

    @Flag(help: "A program sets the tag: retention keeps it for a while only.")
    var automatic = false

    @Option(help: .time("How long to wait."), transform: parseDuration)
    var timeout: Duration = .seconds(10)

    mutating func validate() throws {
        if tag == nil, !message.isEmpty { throw ValidationError("--message needs --tag NAME") }
        if tag == nil, automatic { throw ValidationError("--automatic needs --tag NAME") }
    }

    func perform(_ console: Console) throws -> ExitStatus {
        let target = try Target(path, in: options.openRepository())
        if let tag { try SnapshotIndex(target.root).announceMove(of: tag, console) }
        let tags = [tag].compactMap(\.self).map {
            AnnotationRequest.tag($0, message: message, isAutomatic: automatic)
        }
        return try FreshCapture.run(target, tags, timeout: timeout, console)
    }
}
