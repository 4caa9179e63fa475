import LinuxSystem
import SystemPackage

/// SQL that creates a database, as the `sqlite3` program dumps one.
struct SQLDump {
    let file: FilePath

    /// Creates the database at a free path. Throws `ExportError` when a statement fails. Also when the SQL
    /// creates nothing: a truncated dump never commits its transaction.
    func make(_ path: FilePath) throws {
        _ = try OpenFile(file, .read)
        let arguments = ["-bail"] + Self.arguments(path)
        try ForegroundProcess.succeed("sqlite3", arguments, input: file, output: "/dev/null")
        let hasTables = FileStatus.ifPresent(path).map { $0.sizeBytes > 0 } ?? false
        guard hasTables, try ImageDatabase(at: path).hasTables() else { throw ExportError.makesNothing(file) }
    }

    /// Does what it can of the SQL, silently.
    func tryMaking(_ path: FilePath) throws {
        let (arguments, none): (_, FilePath) = (Self.arguments(path), "/dev/null")
        _ = try ForegroundProcess.run("sqlite3", arguments, input: file, output: none, errors: none)
    }

    private static func arguments(_ path: FilePath) -> [String] {
        // With dot commands, a dump could run programs.
        ["-batch", "-safe", "-init", "/dev/null", path.argument]
    }
}
