package import Repository

/// Why rows are not restored. Nothing was changed.
package enum RowError: Error, Hashable, Sendable {
    case noTable(String, at: Sequence)
    /// What is in a virtual table is only known to its module.
    case isVirtual(String)
    /// Nothing tells its rows apart.
    case noKey(String)
    /// Rows of it have NULL in their primary key, which then does not tell them apart.
    case nullKey(String)
    case wrongKeyCount(String, columns: [String], given: Int)
    case noSuchRow(String, key: String, at: Sequence)
    /// No row meets the condition.
    case noRows(String, at: Sequence)
    /// The present table has another key, or is not there.
    case otherTable(String)
    /// Rows would refer to rows that are not there: of a child table to its parent, how many.
    case orphans([ForeignKeyViolation])
    /// A rule of the present database is against it.
    case refused(String)
}

extension RowError: CustomStringConvertible {
    /// One line: what happened, and what to do.
    package var description: String {
        switch self {
        case .noTable(let table, .none): "there never was a table \(table): see holdfast diff --summary"
        case .noTable(let table, let sequence):
            "there was no table \(table) at snapshot \(sequence): see holdfast query --at \(sequence) "
                + "\"SELECT name FROM sqlite_master\""
        case .isVirtual(let table):
            "\(table) is a virtual table, whose rows only its module knows: restore the tables behind it, or the database"
        case .noKey(let table): "nothing tells the rows of \(table) apart: restore the database"
        case .nullKey(let table):
            "rows of \(table) have NULL in their key, so that nothing tells them apart: restore the database, or take them "
                + "from holdfast query"
        case .wrongKeyCount(let table, let columns, let given):
            "\(table) has the key \(columns.joined(separator: ", ")), and \(given) values were given: "
                + "give \(columns.count == 1 ? "one" : "\(columns.count)") for each row"
        case .noSuchRow(let table, let key, let sequence):
            "\(table) had no row \(key) at snapshot \(sequence): see holdfast rows history \(table) \(key)"
        case .noRows(let table, let sequence):
            "no row of \(table) met the condition at snapshot \(sequence): check it with holdfast query --at \(sequence)"
        case .otherTable(let table):
            "\(table) has another key now, or is gone: restore the database, or take the rows from holdfast query"
        case .orphans(let violations):
            "rows would refer to rows that are not there (\(violations.map(\.description).joined(separator: "; "))): "
                + "restore those first"
        case .refused(let reason): "the database refuses the rows (\(reason)): nothing was changed"
        }
    }
}
