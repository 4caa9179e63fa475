import ArgumentParser
import LinuxSystem
import Recovery
import Service

/// What the watcher starts to check databases and to try restores: see `MaintenanceTask`.
struct MaintainCommand: ParsableCommand, Sendable {
    static let configuration = CommandConfiguration(
        commandName: "maintain",
        abstract: "Do what the watcher has written to the standard input.",
        shouldDisplay: false
    )

    func run() throws {
        try UnfinishedWork.leaveNothingWhenInterrupted()
        let result = try MaintenanceTask(json: WatcherInput.read()).perform()
        StandardStream.output.write(String(decoding: result, as: UTF8.self) + "\n")
    }
}
