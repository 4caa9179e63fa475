/// The real `sqlite3` command, one short-lived process per call: the writer that tests measure themselves
/// against.
package enum SQLite3 {
    /// No start-up file, no prompts.
    package static let arguments = ["-batch", "-init", "/dev/null"]

    /// Runs SQL (or dot commands) on a database and returns what is printed. Throws `CommandFailure` with the
    /// message of `sqlite3` at the first error.
    @discardableResult
    package static func sql(_ sql: String, on path: String) throws -> String {
        let result = try Command.run("sqlite3", arguments + ["-bail", path], stdin: sql)
        guard result.status == 0, result.stderr.isEmpty else {
            throw CommandFailure(command: "sqlite3 \(path)", result: result)
        }
        return result.stdout
    }
}
