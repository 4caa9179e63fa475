import ArgumentParser
import LinuxSystem
import Recovery

/// A command that does its work on a thread of its own and then ends.
protocol HoldfastCommand: ParsableCommand, Sendable {
    var options: GlobalOptions { get }

    /// Does the work. It may block.
    func perform(_ console: Console) throws -> ExitStatus
}

extension HoldfastCommand {
    func run() throws {
        // The main thread receives the signals, which would interrupt calls elsewhere.
        let status = try WorkerThread.wait("command") {
            let console = Console(options)
            return try console.end(Result { try perform(console) })
        }
        guard status == .done else { throw status }
    }
}

extension UnfinishedWork {
    /// From here on, an interrupted command removes what it has not finished.
    static func leaveNothingWhenInterrupted() throws {
        try StopSignal.onFirst {
            UnfinishedWork.abandonAll {
                Console.say("interrupted: what was not finished was removed")
                CurrentProcess.exit(ExitStatus.interrupted.rawValue)
            }
        }
    }
}
