/// What restoring a wanted row does to the present database.
package struct RowChange: Hashable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// It is not there: it comes back.
        case missing
        /// It is not there, and cannot come back.
        case blocked
        /// It is there, unchanged.
        case same
        /// It is there with other values, which stay unless overwriting is wanted.
        case conflict
        /// It is there, but its reference to a wanted row was set to NULL: it gets that back.
        case unlinked
        /// It refers to another row by now, which stays unless overwriting is wanted.
        case relinked
        /// It is not wanted, but is in the way of a row that is, and goes since overwriting is wanted.
        case displaced
    }

    package let table: String
    package let kind: Kind
    /// Of the primary key, or the rowid.
    package let key: [RowDiff.Value]
    /// Of a blocked row: the rule of the table that is against it.
    package var reason = ""
    /// Of a blocked row: the keys of the rows that are in its way.
    package var obstacles: [[RowDiff.Value]] = []
}

/// How many rows of a table each change is made or found of.
package struct RowCounts: Hashable, Sendable {
    package let table: String
    package internal(set) var counts: [RowChange.Kind: Int] = [:]
    /// Columns that only one of the two schemas has, and what else there is to know.
    package internal(set) var notes: [String] = []

    package subscript(kind: RowChange.Kind) -> Int { counts[kind] ?? 0 }
}

/// What became of the wanted rows.
package struct RowOutcome: Sendable {
    package internal(set) var counts: [RowCounts]
    /// Of the rows: those that are blocked or displaced.
    package internal(set) var exceptions: [RowChange]
    /// Rows that are there with other values, which were left alone.
    package internal(set) var left: [RowChange] = []
    /// What the tables have that does not know of the rows.
    package internal(set) var dependents: [RowDependent] = []
}
