import ArgumentParser
import LinuxSystem
import Recovery
import SystemPackage

struct DemoCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "See a database lost and restored, in a temporary folder.",
        discussion: """
            Makes a small database, protects it with a real watcher, writes to it, deletes what should have stayed, \
            and restores it. Every command line is one that you can type. The result is compared row by row. Takes a \
            few seconds and leaves nothing behind; the folder is made in $TMPDIR, else in /tmp.

            Exit status: 0 done, 1 failed, 130 interrupted.

            Examples:
              holdfast demo
              holdfast demo --json
            """
    )

    @OptionGroup var options: GlobalOptions

    mutating func validate() throws {
        if options.repo != nil { throw ValidationError("demo has a repository of its own: leave out --repo") }
    }

    func perform(_ console: Console) throws -> ExitStatus {
        // Whoever stops reading must not leave the folder.
        CurrentProcess.surviveBrokenPipes()
        let stage = try DemoStage()
        let outcome = Result {
            try StopSignal.onFirst {
                try? stage.clear {
                    Console.say("interrupted: the demo's folder was removed")
                    CurrentProcess.exit(ExitStatus.interrupted.rawValue)
                }
                Console.say("interrupted: \(stage.folder.printable) could not be removed: remove it")
                CurrentProcess.exit(ExitStatus.interrupted.rawValue)
            }
            try stage.set()
            return try DemoPlay(stage: stage, console: console).run()
        }
        try stage.clear {}
        let contents = try outcome.get()
        try console.result(
            json: DemoLine(sessions: contents.sessions, events: contents.events),
            text: "\nThat was a demo: the watcher has ended, and \(stage.folder.printable) is removed."
        )
        return .done
    }
}

/// The demo, step by step.
private struct DemoPlay {
    let stage: DemoStage
    let console: Console

    private static let name: FilePath = ".devteam/devteam.db"
    private static let tag = "before-cleanup"

    /// Returns what was restored. Throws `Failure` when a step does not do what it should.
    func run() throws -> DemoDatabase.Contents {
        let live = DemoDatabase(at: stage.folder.pushing(Self.name))
        try tell("A team's folder: a database in rollback-journal mode, a configuration, notes.")
        try show("cd \(stage.folder.printable)")
        try show("export HOLDFAST_REPO=\(stage.folder.printable)/repository")
        try stage.write("team: demo\nagents: 3\n", to: ".devteam/config.yaml")
        try stage.write(
            "# Notes\n\nSessions that failed may be cleaned up.\n",
            to: ".devteam/memory/notes.md"
        )
        try live.create()

        try tell("A watcher protects it. It only looks: no lock, no file of its own in there.")
        let watcher = try startWatcher()

        for session in 1...12 { try live.addSession(session, events: 8) }
        let before = try live.contents()
        try tell("The team works, one transaction a session: now there are \(Self.text(before)).")
        try holdfast("snapshot", "--tag", Self.tag)

        try tell(
            "The accident: someone cleans up and forgets the condition. The events go with their sessions."
        )
        try show("sqlite3 \(Self.name) \"PRAGMA foreign_keys = ON; \(DemoDatabase.accident)\"")
        try live.haveAccident()
        let after = try live.contents()
        guard after.sessions == 0, after.events == 0 else {
            throw Failure(.failed, "the accident left \(Self.text(after)): please report it")
        }
        try tell("Left in the database: \(Self.text(after)). The history has it all:")
        try holdfast("sync")
        try holdfast("log", Self.name.string, "--last", "3")

        try tell("Back to the moment before, beside the running watcher, into a new file:")
        try holdfast("restore", Self.name.string, "--at", Self.tag, "--output", "restored.db")
        let restored = try DemoDatabase(at: stage.folder.appending("restored.db")).contents()
        guard restored == before else {
            throw Failure(
                .failed,
                "\(Self.text(before)) were there and \(Self.text(restored)) came back: please report it"
            )
        }
        try tell("restored.db has \(Self.text(restored)), each row as it was.")
        try tell("The repository has no damage:")
        try holdfast("check", "--read-data")
        try stop(watcher)
        return restored
    }

    private func startWatcher() throws -> ChildProcess {
        let command = ["watch", ".devteam"]
        try show("holdfast \(command.joined(separator: " ")) &")
        let watcher = try stage.start(command)
        while let line = try watcher.nextLine() {
            try console.text(line)
            if line.hasPrefix("ready") { return watcher }
        }
        throw Failure(
            .failed,
            "holdfast watch ended with status \(watcher.wait()) before it was ready: see above"
        )
    }

    private func stop(_ watcher: ChildProcess) throws {
        try tell("The watcher ends when told, once all is durable.")
        try show("kill %1")
        watcher.tell(.end)
        try finish(watcher, "watch")
    }

    private func holdfast(_ arguments: String...) throws {
        try show("holdfast \(arguments.joined(separator: " "))")
        try finish(try stage.start(arguments), arguments[0])
    }

    /// Shows the rest of what it says; it must end with success.
    private func finish(_ child: ChildProcess, _ command: String) throws {
        var last = ""
        while let line = try child.nextLine() {
            try console.text(line)
            last = line
        }
        let status = child.wait()
        guard status == ExitStatus.done.rawValue else {
            throw Failure(.failed, "holdfast \(command) ended with status \(status): \(last)")
        }
    }

    private func tell(_ text: String) throws { try console.text("\n\(text)") }
    private func show(_ command: String) throws { try console.text(console.style.bold("$ \(command)")) }

    private static func text(_ contents: DemoDatabase.Contents) -> String {
        "\(contents.sessions) sessions and \(contents.events) events"
    }
}
