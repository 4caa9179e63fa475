/// What restoring a wanted row does to the present database.
package struct RowChange: Hashable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// It is not there: it comes back.
        case missing
        /// It is there, unchanged.
        case same
        /// It is there with other values, which stay unless overwriting is wanted.
        case conflict
        /// It is there, but its reference to a wanted row was set to NULL: it gets that back.
        case unlinked
        /// It refers to another row by now, which stays unless overwriting is wanted.
        case relinked
    }

    package let table: String
    package let kind: Kind
    /// Of the primary key, or the rowid.
    package let key: [RowDiff.Value]
}

/// How many rows of a table each change is made or found of.
package struct RowCounts: Hashable, Sendable {
    package let table: String
    package internal(set) var counts: [RowChange.Kind: Int] = [:]
    /// Columns that only one of the two schemas has.
    package internal(set) var notes: [String] = []

    package subscript(kind: RowChange.Kind) -> Int { counts[kind] ?? 0 }
}
