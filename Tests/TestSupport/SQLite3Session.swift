import Foundation

/// A `sqlite3` process that stays open: a connection that holds transactions, locks and logs between calls.
///
/// Each call sends its SQL and then has a marker printed; when the marker comes back, everything before it
/// has been done. A session that goes away unclosed is killed, as a crash would.
package final class SQLite3Session {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let files: TemporaryDirectory
    private let path: String
    private var calls = 0
    private var unread: [UInt8] = []
    private var errorBytesRead = 0

    /// Opens a database, or creates it. `program`: a program, with its arguments, that runs `sqlite3` in its
    /// own way.
    package init(_ path: String, under program: [String] = []) throws {
        self.path = path
        files = try TemporaryDirectory(prefix: "holdfast-session")
        try files.write([], to: "err")
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = program + ["sqlite3"] + SQLite3.arguments + [path]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: files.file("err")))
        try process.run()
    }

    deinit {
        if process.isRunning { kill() }
    }

    /// The id of the process.
    package var processID: Int32 { process.processIdentifier }

    /// Runs SQL or dot commands, waits until they are done, and returns what they printed. SQL needs its
    /// semicolon. Throws `CommandFailure` if `sqlite3` printed an error; the session can go on after it.
    @discardableResult
    package func sql(_ sql: String) throws -> String {
        try start(sql)
        return try finish()
    }

    /// Begins what `sql` does, without waiting; `finish` must follow.
    package func start(_ sql: String) throws {
        calls += 1
        try input.fileHandleForWriting.write(contentsOf: Data("\(sql)\n.print '\(marker)'\n".utf8))
    }

    /// Waits until it is done.
    @discardableResult
    package func finish() throws -> String {
        let text = try readUntil(marker + "\n")
        let errors = try files.bytes(of: "err")
        defer { errorBytesRead = errors.count }
        guard errors.count == errorBytesRead else {
            throw failure(stdout: text, stderr: String(decoding: errors[errorBytesRead...], as: UTF8.self))
        }
        return text
    }

    private var marker: String { "-- done \(calls) --" }

    /// Closes the connection in good order, and waits for the process to end.
    package func close() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        closeOutput()
    }

    /// Ends the process with SIGKILL, as a crash would, and waits until it is gone.
    package func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? input.fileHandleForWriting.close()
        closeOutput()
    }

    /// Foundation keeps the process, and with it the pipe's end, for longer than it is needed.
    private func closeOutput() { try? output.fileHandleForReading.close() }

    private func readUntil(_ marker: String) throws -> String {
        let end = Array(marker.utf8)
        while !unread.hasSuffix(end) {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else {
                let errors = try files.bytes(of: "err")
                throw failure(
                    stdout: String(decoding: unread, as: UTF8.self),
                    stderr: String(decoding: errors, as: UTF8.self)
                )
            }
            unread += more
        }
        defer { unread = [] }
        return String(decoding: unread.dropLast(end.count), as: UTF8.self)
    }

    private func failure(stdout: String, stderr: String) -> CommandFailure {
        CommandFailure(
            command: "sqlite3 session on \(path)",
            result: CommandResult(status: 1, stdout: stdout, stderr: stderr)
        )
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ other: [UInt8]) -> Bool {
        count >= other.count && self[(count - other.count)...].elementsEqual(other)
    }
}
