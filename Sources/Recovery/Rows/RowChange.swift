/// The effect of restoring a wanted row on the current database.
package struct RowChange: Hashable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// It is missing: it is restored.
        case missing
        /// It is missing, and cannot be restored.
        case blocked
        /// It exists, unchanged.
        case same
        /// It exists with other values, which are kept unless overwriting is requested.
        case conflict
        /// It exists, but its reference to a wanted row was set to NULL: the reference is restored.
        case unlinked
        /// It refers to another row by now. This is kept unless overwriting is requested.
        case relinked
        /// It is not wanted, but conflicts with a wanted row. It is removed, because overwriting is
        /// requested.
        case displaced
    }

    package let table: String
    package let kind: Kind
    /// The values of the primary key, or the rowid.
    package let key: [RowDiff.Value]
    /// Of a blocked row: the violated rule of the table.
    package var reason = ""
    /// Of a blocked row: the keys of the conflicting rows.
    package var obstacles: [[RowDiff.Value]] = []
}

/// The number of rows of a table for each change.
package struct RowCounts: Hashable, Sendable {
    package let table: String
    package internal(set) var counts: [RowChange.Kind: Int] = [:]
    /// Columns that only one of the two schemas has, and further remarks.
    package internal(set) var notes: [String] = []

    package subscript(kind: RowChange.Kind) -> Int { counts[kind] ?? 0 }
}

/// The result for the wanted rows.
package struct RowOutcome: Sendable {
    package internal(set) var counts: [RowCounts]
    /// The blocked and displaced rows.
    package internal(set) var exceptions: [RowChange]
    /// Rows with other values that were not changed.
    package internal(set) var left: [RowChange] = []
    /// Objects of the tables that were not updated with the rows.
    package internal(set) var dependents: [RowDependent] = []
}
