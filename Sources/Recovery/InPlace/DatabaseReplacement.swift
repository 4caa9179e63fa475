import CSQLite
import GRDB
import LinuxSystem
import SQLiteFiles
import SystemPackage

/// What became of a replacement.
enum ReplacementOutcome {
    case done
    /// A program wrote before, or the process is to end. Nothing was changed.
    case outdated
    /// Nothing was changed, for one of two reasons:
    /// 1. SQLite can no longer write to the database.
    /// 2. The page sizes differ, and a database in WAL mode keeps its own
    ///    (sqlite.org/c3ref/backup_finish.html, SQLITE_READONLY).
    case impossible
}

/// Replaces the content of a healthy live database by an image, in one transaction through SQLite's backup
/// API (sqlite.org/c3ref/backup_finish.html). Programs that have it open see the one or the other, whole.
///
/// The file remains the same one, with its owner, mode and journal mode. During the transaction no other
/// program can write; in rollback mode none can read either.
struct DatabaseReplacement {
    let database: DirectoryEntry
    /// No other program knows it. Its header may be changed.
    let image: FilePath
    /// For programs that are reading or writing.
    let lockWait: LockWait

    /// So that the process can end amid a large database.
    private static let pagesPerStep: Int32 = 1024

    /// Calls `isUnchanged` once no other program can write. Throws `InPlaceError.busy` when the lock cannot
    /// be taken in time, `InPlaceError.unwritable`.
    func run(isUnchanged: () throws -> Bool) throws -> ReplacementOutcome {
        // The journal mode of a database in rollback mode would become the image's. One in WAL mode keeps its
        // own.
        let isLogged = try setFileFormat(isWAL: false)
        let source = try DatabaseQueue(path: ImageURI(image).text, configuration: .reading)
        do {
            // The last program that closes a database in WAL mode locks out readers as well.
            let target = try lockWait.run { try database.connect(.withoutForeignKeys) }
            return try lockWait.run {
                try source.read { from in
                    try target.writeWithoutTransaction { to in try copy(from, to, isUnchanged) }
                }
            }
        } catch let error as DatabaseError {
            guard [.SQLITE_READONLY, .SQLITE_NOTADB, .SQLITE_CORRUPT].contains(error.resultCode) else {
                throw InPlaceError(error, database.path, waited: lockWait.waited)
            }
            // Such a database is in WAL mode, and so must be the file that replaces it.
            _ = try setFileFormat(isWAL: isLogged || error.resultCode == .SQLITE_READONLY)
            return .impossible
        }
    }

    /// Sets the image's file format; returns the previous one.
    private func setFileFormat(isWAL: Bool) throws -> Bool {
        let file = try OpenFile(image, .update)
        let isLogged = try file.isLogged()
        try file.setFileFormat(isWAL: isWAL)
        return isLogged
    }

    private func copy(
        _ from: Database,
        _ to: Database,
        _ isUnchanged: () throws -> Bool
    ) throws -> ReplacementOutcome {
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
        // A step of no pages only takes the lock.
        var code = unsafe sqlite3_backup_step(backup, 0)
        guard code == SQLITE_OK || code == SQLITE_DONE else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code))
        }
        guard try isUnchanged() else { return .outdated }
        repeat {
            code = unsafe sqlite3_backup_step(backup, Self.pagesPerStep)
            // The transaction is then rolled back.
            if code == SQLITE_OK, UnfinishedWork.isToBeAbandoned { return .outdated }
        } while code == SQLITE_OK
        guard code == SQLITE_DONE else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
        isFinished = true
        code = unsafe sqlite3_backup_finish(backup)
        guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
        return .done
    }
}
