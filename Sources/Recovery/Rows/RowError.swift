import GRDB
import LinuxSystem
package import RepositoryFormat
import SystemPackage

/// Why rows are not restored. Nothing was changed.
package enum RowError: Error, Hashable, Sendable {
    /// `similar`: the table that was probably meant.
    case noTable(String, at: SequenceNumber, similar: String? = nil)
    /// Only the module of a virtual table knows its content.
    case isVirtual(String)
    /// It has no rows of its own.
    case isView(String)
    /// SQLite needs a function or collation of the table's program to write it: its reason.
    case needsProgram(String, FormerDatabase)
    /// The table has no primary key or rowid.
    case noKey(String)
    /// Rows of it have NULL in their primary key, which then does not identify them.
    case nullKey(String, FormerDatabase)
    case wrongKeyCount(String, columns: [String], given: Int)
    case noSuchRow(String, key: [String], at: SequenceNumber)
    /// No row meets the condition.
    case noRows(String, at: SequenceNumber)
    /// The current table has another key, or is missing.
    case otherTable(String, FormerDatabase)
    /// Rows would refer to missing rows: from a child table to its parent, how many.
    case orphans([ForeignKeyViolation])
    /// A rule of the current database forbids it.
    case refused(String)
}

extension RowError: CustomStringConvertible {
    /// One line: what happened, and what to do.
    package var description: String {
        switch self {
        case .noTable(let table, .none, let similar):
            "there never was a table \(table): \(didYouMean(similar))see "
                + "\(SuggestedCommand("diff", "WHEN", "--summary"))"
        case .noTable(let table, let sequence, let similar):
            "there was no table \(table) at snapshot \(sequence): \(didYouMean(similar))see "
                + "\(SuggestedCommand("query", "--at", "\(sequence)", "SELECT name FROM sqlite_master"))"
        case .isVirtual(let table):
            "\(table) is a virtual table, whose rows only its module knows: restore the tables behind it, or the database"
        case .isView(let name):
            "\(name.printable) is a view, whose rows come from its tables: restore those, see "
                + "\(SuggestedCommand("query", "SELECT sql FROM sqlite_master WHERE type = 'view'"))"
        case .needsProgram(let reason, let former):
            "the rows cannot be written without what only their program has (\(reason)): insert them with that program "
                + "from a copy: \(former.copy())"
        case .noKey(let table): "table \(table) has no primary key or rowid: restore the database"
        case .nullKey(let table, let former):
            "rows of \(table) have NULL in their primary key, which does not identify them: restore the database, or take them "
                + "from \(former.rows(of: table))"
        case .wrongKeyCount(let table, let columns, let given):
            "\(table) has the key \(columns.joined(separator: ", ")), and \(given) values were given: "
                + "give \(columns.count == 1 ? "one" : "\(columns.count)") for each row"
        case .noSuchRow(let table, let key, let sequence):
            "\(table) had no row \(key.joined(separator: " ")) at snapshot \(sequence): see \(Self.history(table, key))"
        case .noRows(let table, let sequence):
            "no row of \(table) met the condition at snapshot \(sequence): check it with "
                + "\(SuggestedCommand("query", "--at", "\(sequence)", "SQL"))"
        case .otherTable(let table, let former):
            "\(table) has another key now, or is gone: restore the database, or take the rows from "
                + "\(former.rows(of: table))"
        case .orphans(let violations):
            "rows would lack their parents (\(violations.map(\.description).joined(separator: "; "))): "
                + "restore those first"
        case .refused(let reason): "the database refuses the rows (\(reason)): nothing was changed"
        }
    }

    private static func history(_ table: String, _ key: [String]) -> SuggestedCommand {
        let words = [table] + key
        let mayBeOptions = words.contains { $0.hasPrefix("-") }
        return SuggestedCommand(["rows", "history"] + (mayBeOptions ? ["--"] : []) + words)
    }
}

extension RowError: RecoveryError {
    var leavesUnchanged: Bool { true }
}

extension RowError {
    /// Why there is no such table: the name may be that of a view.
    static func missing(_ table: String, in image: ImageURI, at sequence: SequenceNumber) -> RowError {
        // What cannot be read, or is no database, has no table that could be meant.
        let names = try? ImageDatabase(image).read { (try $0.views(), try $0.tableNames()) }
        guard let (views, tables) = names else { return .noTable(table, at: sequence) }
        if views.containsName(table) { return .isView(table) }
        return .noTable(table, at: sequence, similar: tables.nearest(to: table))
    }

    /// SQLite's error in writing rows; nil when it is about something else.
    init?(_ error: DatabaseError, _ former: FormerDatabase) {
        let reason = error.message ?? error.resultCode.description
        let needs = ["no such collation sequence", "no such function", "unknown function", "no such module"]
        switch error.resultCode {
        case .SQLITE_CONSTRAINT: self = .refused(reason)
        case .SQLITE_ERROR where needs.contains(where: reason.contains): self = .needsProgram(reason, former)
        default: return nil
        }
    }
}
