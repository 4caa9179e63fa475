import LinuxSystem
import SystemPackage

/// SQL that creates a database, as the `sqlite3` program dumps one.
struct SQLDump {
    let file: FilePath

    /// Creates the database at a free path. Throws `ExportError` when a statement fails. Also when the SQL
    /// creates nothing: a truncated dump never commits its transaction.
    func make(_ path: FilePath) throws {
        // With dot commands, a dump could run programs.
        let arguments = ["-batch", "-bail", "-safe", "-init", "/dev/null", path.string]
        _ = try OpenFile(file, .read)
        try ForegroundProcess.succeed("sqlite3", arguments, input: file, output: "/dev/null")
        let hasTables = FileStatus.ifPresent(path).map { $0.sizeBytes > 0 } ?? false
        guard hasTables, try ImageDatabase(at: path).hasTables() else { throw ExportError.makesNothing(file) }
    }
}
