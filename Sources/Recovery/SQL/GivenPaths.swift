import CSQLite
import GRDB
import LinuxSystem
import SystemPackage

/// Paths that SQLite takes as they are given, so that one that leads to a held directory leads nowhere else.
enum GivenPaths {
    private static let registration = sqlite_register_given_paths()

    /// The parameter of a URI that asks for it (sqlite.org/uri.html).
    static func parameter() throws(DatabaseError) -> String {
        guard registration == SQLITE_OK else {
            throw DatabaseError(resultCode: ResultCode(rawValue: registration))
        }
        return "vfs=given-paths"
    }
}

extension DirectoryEntry {
    /// A connection to the database of that name, which exists and may be a live one.
    ///
    /// SQLite opens, makes and removes its journal, log and wal-index in the held directory and nowhere else,
    /// whatever is put in the place of the directory meanwhile; none of them through a symbolic link.
    func connect(_ configuration: Configuration) throws -> DatabaseQueue {
        let uri = try directory.heldPath.appending(name).sqliteURI + "?mode=rw&" + GivenPaths.parameter()
        return try DatabaseQueue(path: uri, configuration: configuration.readingSchemaInPart)
    }
}
