import ArgumentParser
import LinuxSystem

/// A command that does its work on a thread of its own and then ends.
protocol HoldfastCommand: AsyncParsableCommand, Sendable {
    var options: GlobalOptions { get }

    /// Does the work. It may block.
    func perform(_ console: Console) throws -> ExitStatus
}

extension HoldfastCommand {
    func run() async throws {
        let status = try await WorkerThread.run("command") {
            let console = Console(options)
            let result = Result { try perform(console) }
            // What was found before something went wrong is shown first.
            try console.flush()
            return try result.get()
        }
        guard status == .done else { throw status }
    }
}
