import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SystemPackage
import TestSupport

/// A directory with one database of the real `sqlite3`, and a repository beside it with that directory as a
/// root. Nothing is captured yet.
final class DatabaseRoot: Sendable {
    let folder: TemporaryDirectory
    let repository: RepositoryDirectory
    let root: RootDescription
    let database: String

    init(_ sql: String = "CREATE TABLE t(i INTEGER PRIMARY KEY, b);") throws {
        folder = try TemporaryDirectory()
        database = folder.file("data/a.db")
        try Directory.make(FilePath(folder.file("data")))
        try SQLite3.sql(sql, on: database)
        repository = try RepositoryDirectory.openOrCreate(at: FilePath(folder.file("repository")))
        root = try repository.addRoot(FilePath(folder.file("data")), kind: .directory)
    }

    /// Commits a row.
    func insert(_ text: String) throws {
        try SQLite3.sql("INSERT INTO t(b) VALUES('\(text)');", on: database)
    }

    /// The rows of the database's snapshot at that sequence, rebuilt from the repository alone.
    func rows(at sequence: SequenceNumber) throws -> String {
        // The only file of the root.
        let file = FileID(1)
        let copy = folder.file("restored-\(sequence).db")
        let states = try ImageRebuilder(root).rebuildAll([file: FilePath(copy)], at: sequence)
        _ = try states[file]?.get()
        return try SQLite3.sql("SELECT b FROM t ORDER BY i;", on: copy)
    }
}
