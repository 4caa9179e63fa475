import ArgumentParser
import Capture
import History
import LinuxSystem
import RepositoryFormat
import Service
import SystemPackage

struct GuardCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "guard",
        abstract: "Run a command between two snapshots.",
        discussion: """
            The state before it gets a tag, NAME or guard-YYYYMMDD-HHMMSS, the state after it the same with -after. If no \
            snapshot can be taken, the command is not run. If it fails, one line says how to go back. With --remote, the \
            command is run only when the remotes have acknowledged the state before it.

            Exit status: that of the command, 128 plus the number of the signal that ended it, 127 if it is not there; 1, 3, \
            10, 11, 12 or 64 as for holdfast sync if it was not run or the state after it could not be captured.

            Examples:
              holdfast guard -- ./migrate.sh
              holdfast guard .devteam --tag before-upgrade -- make upgrade
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A root or a protected file.", completion: .protectedPath)
    var path: String?

    @Option(
        name: .customLong("path"),
        help: ArgumentHelp("The same.", valueName: "path"),
        completion: .protectedPath
    )
    var named: String?

    @Option(help: ArgumentHelp("A name for the state before.", valueName: "name"), transform: parseTagName)
    var tag: String?

    @Option(help: .time("How long to wait for each snapshot."), transform: parseDuration)
    var timeout: Duration = .seconds(30)

    @Option(
        defaultAsFlag: "",
        parsing: .scanningForValue,
        help: ArgumentHelp(
            "Wait until this remote has the state before it. (default: all remotes)",
            valueName: "name"
        )
    )
    var remote: String?

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("Behind --, the command and its arguments.", valueName: "command")
    )
    var command: [String] = []

    mutating func validate() throws {
        if path != nil, named != nil { throw ValidationError("PATH is there twice: leave --path out") }
        if command.isEmpty {
            throw ValidationError("which command? Say \(SuggestedCommand("guard", "--", "COMMAND"))")
        }
    }

    func perform(_ console: Console) throws -> ExitStatus {
        let repository = try options.openRepository()
        let target = try Target(path ?? named, in: repository)
        let remotes = try remote.map { try RemoteChoice.meant($0, options) }
        let index = try SnapshotIndex(target.root)
        // Else there would be no way back.
        _ = try index.scope(of: target)
        let name = tag ?? index.freeTag("guard-\(Instant.now.stamp(in: .system))")
        index.announceMove(of: name, console)
        let text = command.map(Arguments.text).joined(separator: " ")
        let program = Arguments.text(command[0])
        let capture = FreshCapture(target.root, timeout: timeout)
        let before = try capture.run([.tag(name, message: text, isAutomatic: tag == nil)])
        console.message("the state before it is snapshot \(before.sequence), \(name)")
        if let remotes {
            let shipped = try PushCommand.ship(
                [target.root],
                of: repository,
                to: remotes,
                isResult: false,
                console
            )
            guard shipped.status == .done else {
                for failure in shipped.failures { console.warning(failure.message) }
                throw Failure(
                    shipped.status,
                    "\(program) was not run: a remote does not have the state before it"
                )
            }
        }

        let start = MonotonicInstant.now
        let status: Int32
        do {
            status = try ForegroundProcess.run(command[0], Array(command.dropFirst()), forwardsStops: true)
        } catch {
            guard error.isMissing else { throw error }
            throw Failure(.noProgram, "\(program) is not there: check its name, or the PATH")
        }
        let elapsed = start.duration(to: .now)
        let back = SuggestedCommand("restore", target.path, "--at", name, "--in-place")
        if status != 0 {
            console.warning("\(program) failed with status \(status): to go back, \(back)")
        }
        let after = try capture.run([.tag(name + "-after", message: text, isAutomatic: tag == nil)])
        try console.result(
            json: GuardLine(
                sequence: before.sequence,
                time: before.time,
                path: target.path.string,
                tag: name,
                afterSequence: after.sequence,
                status: status,
                elapsedMs: elapsed.wholeMilliseconds
            ),
            text: status == 0
                ? "done; to go back, \(back)" : "snapshot \(after.sequence) has the state after it"
        )
        return ExitStatus(rawValue: status)
    }
}
