import CSQLite
import GRDB
import LinuxSystem
import SystemPackage

/// Makes SQLite use paths unchanged, so that the path of an open directory leads nowhere else.
enum GivenPaths {
    private static let registration = sqlite_register_given_paths()

    /// The URI parameter that selects it (sqlite.org/uri.html).
    static func parameter() throws(DatabaseError) -> String {
        guard registration == SQLITE_OK else {
            throw DatabaseError(resultCode: ResultCode(rawValue: registration))
        }
        return "vfs=given-paths"
    }
}

extension DirectoryEntry {
    /// A connection to the existing database of that name, which may be a live one.
    ///
    /// SQLite opens, creates and removes its journal, log and wal-index only in the open directory, even if
    /// another one has its path meanwhile. None of them is opened through a symbolic link.
    func connect(_ configuration: Configuration) throws -> DatabaseQueue {
        let uri = try directory.heldPath.appending(name).sqliteURI + "?mode=rw&" + GivenPaths.parameter()
        return try DatabaseQueue(path: uri, configuration: configuration.readingSchemaInPart)
    }
}
