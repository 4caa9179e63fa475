import LinuxSystem
import SystemPackage

/// SQL that creates a database, as the `sqlite3` program dumps one.
struct SQLDump {
    private let file: FilePath

    init(_ file: FilePath) {
        self.file = file
    }

    /// Creates the database at a free path. Throws `ExportError` when a statement fails. Also when the SQL
    /// creates nothing: a truncated dump never commits its transaction.
    func make(_ path: FilePath) throws {
        // With dot commands, a dump could run programs.
        let arguments = ["-batch", "-bail", "-safe", "-init", "/dev/null", path.string]
        _ = try OpenFile(file, .read)
        let status: Int32
        do {
            status = try ForegroundProcess.run("sqlite3", arguments, input: file, output: "/dev/null")
        } catch {
            throw error.isMissing ? ExportError.noProgram("sqlite3") : error
        }
        guard status == 0 else { throw ExportError.failed("sqlite3", status) }
        let hasTables = FileStatus.ifPresent(path).map { $0.sizeBytes > 0 } ?? false
        guard hasTables, try ImageDatabase(at: path).hasTables() else { throw ExportError.makesNothing(file) }
    }
}
