import ArgumentParser
import History
import RepositoryFormat
import Service

struct TagCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag",
        abstract: "Give a moment a name.",
        discussion: """
            The name is a WHEN for every other command, and retention leaves the moment alone. Given again, a name moves. \
            Without --at it is the present, which is captured first, as with holdfast snapshot. With --delete the name is \
            taken away, and retention may remove the moment.

            Exit status: 0 done, 1 failed or timed out, 10 no such root or no snapshot that matches, 11 another writer has \
            it, 64 wrong usage.

            Examples:
              holdfast tag before-cleanup --at "10m ago"
              holdfast tag --delete before-cleanup
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The name.", completion: .tag)
    var name: String

    @Argument(help: "A root or a protected file.", completion: .protectedPath)
    var path: String?

    @Option(
        parsing: .unconditional,
        help: .when("The snapshot or time to name."),
        completion: .when,
        transform: parseWhen
    )
    var at: When?

    @Flag(help: "Take the name away.")
    var delete = false

    @Option(help: ArgumentHelp("What it is for.", valueName: "text"))
    var message = ""

    @Option(help: .time("How long to wait."), transform: parseDuration)
    var timeout: Duration = .seconds(10)

    @OptionGroup var sync: SyncOption

    mutating func validate() throws {
        // An older version may have made tags that are none any more.
        if !delete { _ = try parseTagName(name) }
        if delete, at != nil || !message.isEmpty {
            throw ValidationError("--delete takes a name away: it goes with neither --at nor --message")
        }
    }

    func perform(_ console: Console) throws -> ExitStatus {
        let target = try Target(path, in: options.openRepository())
        let index = try SnapshotIndex(target.root)
        if delete { return try remove(from: index, console) }
        index.announceMove(of: name, console)
        guard let at else {
            let tag = AnnotationRequest.tag(name, message: message)
            return try FreshCapture.run(target, [tag], timeout: timeout, console)
        }
        sync.run(target, for: at, console: console)
        let chosen = try ChosenSnapshot(at, of: target)
        let tag = AnnotationRequest.tag(name, message: message, at: chosen.entry.sequence)
        try target.root.annotate(tag, timeout: timeout)
        try console.result(
            json: chosen.line(tag: name),
            text: "\(name) is snapshot \(chosen.entry.text)"
        )
        return .done
    }

    private func remove(from index: SnapshotIndex, _ console: Console) throws -> ExitStatus {
        guard let sequence = index.tags[name] else {
            throw WhenError.unknownTag(name, known: index.tags.keys.sorted())
        }
        try index.root.annotate(.tagRemoval(name), timeout: timeout)
        try console.result(
            json: DeletedTagLine(tag: name, sequence: sequence),
            text: "\(name) is taken away from snapshot \(sequence)"
        )
        return .done
    }
}
