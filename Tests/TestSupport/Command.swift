import Foundation

/// What a finished command left behind.
package struct CommandResult: Sendable {
    /// The exit status; for a command that a signal ended, 128 plus the signal's number.
    package let status: Int32
    package let stdout: String
    package let stderr: String
}

/// A command that did not do what a test needs.
package struct CommandFailure: Error, CustomStringConvertible {
    package let command: String
    package let result: CommandResult

    package init(command: String, result: CommandResult) {
        self.command = command
        self.result = result
    }

    package var description: String {
        "\(command) ended with status \(result.status): \(result.stderr)\(result.stdout)"
    }
}

/// Runs other programs.
package enum Command {
    /// Runs a program to its end. A name without a slash is looked up in `PATH`. Standard input and both
    /// outputs are files, so no amount of either can make the two processes wait for each other. When it
    /// takes longer than the timeout, kills it and throws `CommandFailure`.
    package static func run(
        _ executable: String,
        _ arguments: [String] = [],
        stdin: String = "",
        environment: [String: String]? = nil,
        directory: String? = nil,
        timeout: Duration = .seconds(120)
    ) throws -> CommandResult {
        let files = try TemporaryDirectory(prefix: "holdfast-command")
        try files.write(Array(stdin.utf8), to: "in")
        try files.write([], to: "out")
        try files.write([], to: "err")

        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable.contains("/") ? executable : "/usr/bin/env")
        process.arguments = executable.contains("/") ? arguments : [executable] + arguments
        if let environment { process.environment = environment }
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        let handles = [
            try FileHandle(forReadingFrom: URL(fileURLWithPath: files.file("in"))),
            try FileHandle(forWritingTo: URL(fileURLWithPath: files.file("out"))),
            try FileHandle(forWritingTo: URL(fileURLWithPath: files.file("err"))),
        ]
        // The process object may outlive this call by far, and would keep them open.
        defer { for handle in handles { try? handle.close() } }
        process.standardInput = handles[0]
        process.standardOutput = handles[1]
        process.standardError = handles[2]
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        try process.run()
        let isLate = ended.wait(timeout: .now() + .seconds(Int(timeout.components.seconds))) == .timedOut
        if isLate { kill(process.processIdentifier, SIGKILL) }

        // Of one that was killed nothing is asked: what it started may keep Foundation waiting for its end.
        let signalled = isLate || process.terminationReason == .uncaughtSignal
        let signal = isLate ? SIGKILL : process.terminationStatus
        let result = CommandResult(
            status: signalled ? 128 + signal : process.terminationStatus,
            stdout: String(decoding: try files.bytes(of: "out"), as: UTF8.self),
            stderr: String(decoding: try files.bytes(of: "err"), as: UTF8.self)
        )
        guard !isLate else {
            throw CommandFailure(command: "\(executable) \(arguments) (took too long)", result: result)
        }
        return result
    }
}
