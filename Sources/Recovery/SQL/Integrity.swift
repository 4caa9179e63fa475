import GRDB
import LinuxSystem
import SQLiteFiles
package import SystemPackage

/// SQLite's verdict on a rebuilt image.
package enum Integrity: Hashable, Sendable, Codable {
    /// The check found nothing, or the image is empty, which is an empty database.
    case ok
    /// The file is not a database, so there is nothing to check.
    case notApplicable
    /// No problem was found in the parts that can be checked. The rest needs a newer SQLite, or something
    /// that only the database's program has, as a collation.
    case unchecked(reason: String)
    /// The problems found; never empty.
    case problems([String])

    /// The extent of SQLite's check (sqlite.org/pragma.html#pragma_integrity_check).
    package enum Check: String, Sendable {
        case full = "integrity_check"
        /// All pages and rows, but not whether indexes match their tables. That takes most of the time: a
        /// search in each index for each row.
        case quick = "quick_check"
    }

    /// The problem of a file that was a database.
    package static let otherBytes = "it is no database any more: it does not begin as one"

    /// Checks a private database. Throws `SystemError` if the file cannot be read.
    package static func check(databaseAt path: FilePath, _ check: Check) throws -> Integrity {
        let file = try OpenFile(path, .read)
        var header = [UInt8](repeating: 0, count: DatabaseHeader.magic.count)
        let got = try file.read(into: &header, count: header.count, at: 0)
        guard got > 0 else { return .ok }
        guard header == DatabaseHeader.magic else { return .problems(["it is not a database"]) }
        do {
            return try ImageDatabase(at: path).integrity(check)
        } catch let error as DatabaseError {
            return try Integrity(error)
        }
    }

    /// The meaning of an error during a check. Throws an error that is not about the database.
    init(_ error: DatabaseError) throws {
        let reason = error.message ?? error.resultCode.description
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .problems([reason])
        case .SQLITE_ERROR: self = .unchecked(reason: reason)
        default: throw error
        }
    }
}

extension ImageDatabase {
    /// Throws `DatabaseError`, which may itself be the result.
    func integrity(_ check: Integrity.Check) throws -> Integrity {
        try read { database in
            var work = try IntegrityCheck(database, check)
            return try work.run()
        }
    }
}
