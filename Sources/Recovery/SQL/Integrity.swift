import GRDB
import LinuxSystem
import SQLiteFiles
package import SystemPackage

/// What SQLite says of a rebuilt image.
package enum Integrity: Hashable, Sendable {
    /// The check found nothing, or the image is empty, which is an empty database.
    case ok
    /// The file is no database, so that there is nothing to check.
    case notApplicable
    /// Nothing was found in what can be checked. The rest needs something that only the program has to which
    /// the database belongs, as a collation, or a newer SQLite.
    case unchecked(reason: String)
    /// What the check found; never empty.
    case problems([String])

    /// How much SQLite looks at (sqlite.org/pragma.html#pragma_integrity_check).
    package enum Check: String, Sendable {
        case full = "integrity_check"
        /// All pages and rows, but not whether the indexes have what the tables have. That takes most of the
        /// time: a search in each index for each row.
        case quick = "quick_check"
    }

    /// What is wrong with a file that was a database.
    package static let otherBytes = "it is no database any more: it does not begin as one"

    /// Runs a check on a database that nobody else knows of. Throws `SystemError` if the file cannot be read.
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

    /// What an error during a check means. Throws one that says nothing of the database.
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
    /// Throws `DatabaseError`, which may be what is to be known.
    func integrity(_ check: Integrity.Check) throws -> Integrity {
        try read { database in
            var work = try IntegrityCheck(database, check)
            return try work.run()
        }
    }
}
