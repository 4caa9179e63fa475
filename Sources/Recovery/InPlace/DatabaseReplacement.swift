import CSQLite
import GRDB
import LinuxSystem
import SQLiteFiles
import SystemPackage

/// Replaces what a sound live database contains by an image, in one transaction through SQLite's backup API
/// (sqlite.org/c3ref/backup_finish.html): programs that have it open see the one or the other, whole.
///
/// The file stays the same one, with its owner, mode and journal mode. While the transaction runs nobody else
/// can write; in rollback mode nobody can read either.
struct DatabaseReplacement {
    let database: DirectoryEntry
    /// Nobody else knows of it. Its header may be changed.
    let image: FilePath
    /// For programs that are reading or writing.
    let lockWait: LockWait

    enum Result {
        case done
        /// Somebody wrote before. Nothing was changed.
        case outdated
        /// It is no database that SQLite can write to by now; or the page sizes differ, and in WAL mode a
        /// database keeps its own (sqlite.org/c3ref/backup_finish.html, SQLITE_READONLY). Nothing was
        /// changed.
        case impossible
    }

    /// Asks `isUnchanged` once nobody else can write.
    /// Throws `InPlaceError.busy` when the lock is not to be had in time, `InPlaceError.unwritable`.
    func run(isUnchanged: () throws -> Bool) throws -> Result {
        // That of a database in rollback mode would become the image's. One in WAL mode keeps that by itself.
        let isLogged = try setFileFormat(isWAL: false)
        let source = try DatabaseQueue(path: ImageDatabase.uri(image), configuration: Self.reading)
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        do {
            // Whoever closes a database in WAL mode last locks out readers as well.
            let target = try lockWait.run { try database.connect(configuration) }
            return try lockWait.run {
                try source.read { from in
                    try target.writeWithoutTransaction { to in try copy(from, to, isUnchanged) }
                }
            }
        } catch let error as DatabaseError {
            guard [.SQLITE_READONLY, .SQLITE_NOTADB, .SQLITE_CORRUPT].contains(error.resultCode) else {
                throw InPlaceError(error, database.path, waited: lockWait.waited)
            }
            // Such a database is in WAL mode, and so is what is exchanged for it.
            _ = try setFileFormat(isWAL: isLogged || error.resultCode == .SQLITE_READONLY)
            return .impossible
        }
    }

    /// Of the image; returns which it had.
    private func setFileFormat(isWAL: Bool) throws -> Bool {
        let file = try OpenFile(image, .update)
        let isLogged = try DatabaseHeader(of: file)?.readVersion == 2
        try file.setFileFormat(isWAL: isWAL)
        return isLogged
    }

    private static var reading: Configuration {
        var configuration = Configuration()
        configuration.readonly = true
        return configuration
    }

    private func copy(_ from: Database, _ to: Database, _ isUnchanged: () throws -> Bool) throws -> Result {
        guard
            let backup = unsafe sqlite3_backup_init(
                to.sqliteConnection,
                "main",
                from.sqliteConnection,
                "main"
            )
        else { throw DatabaseError(resultCode: to.lastErrorCode, message: to.lastErrorMessage) }
        var isFinished = false
        defer { if !isFinished { unsafe sqlite3_backup_finish(backup) } }
        // A step of no pages takes the lock and does nothing else.
        var code = unsafe sqlite3_backup_step(backup, 0)
        guard code == SQLITE_OK || code == SQLITE_DONE else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code))
        }
        guard try isUnchanged() else { return .outdated }
        repeat { code = unsafe sqlite3_backup_step(backup, -1) } while code == SQLITE_OK
        guard code == SQLITE_DONE else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
        isFinished = true
        code = unsafe sqlite3_backup_finish(backup)
        guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
        return .done
    }
}
