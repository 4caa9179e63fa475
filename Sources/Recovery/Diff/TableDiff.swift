/// The difference between two images of a database.
package struct DatabaseDiff: Hashable, Sendable {
    package var tables: [TableDiff] = []
    package var schema: [SchemaChange] = []
}

/// The difference between the rows of one table in two images.
package struct TableDiff: Hashable, Sendable {
    package let table: String
    /// Rows that only the newer image has.
    package internal(set) var added = 0
    /// Rows that only the older image has.
    package internal(set) var removed = 0
    /// Rows that both have, with other values.
    package internal(set) var changed = 0
    /// Further remarks, as a column that only one of them has, or why rows cannot be compared.
    package internal(set) var notes: [String] = []
    /// False: the difference of its rows is unknown, and a note says why.
    package internal(set) var isCompared = true

    package var isEmpty: Bool { added == 0 && removed == 0 && changed == 0 && notes.isEmpty }
}

/// A differing row.
package struct RowDiff: Hashable, Sendable {
    package enum Kind: String, Sendable { case added, removed, changed }

    package struct Value: Hashable, Sendable {
        package let column: String
        package let value: SQLValue
    }

    package let table: String
    package let kind: Kind
    package let key: [Value]
    /// The row in the older image; empty if it has none. Of a changed row, only the differing values.
    package let old: [Value]
    /// The row in the newer image.
    package let new: [Value]
}

extension [RowDiff.Value] {
    /// The values that differ from the others, among the columns that those have.
    func changed(from others: Self) -> Self {
        let known = Dictionary(others.map { (SQLName($0.column), $0.value) }) { first, _ in first }
        return filter { value in known[named: value.column].map { $0 != value.value } ?? false }
    }
}

extension [String] {
    /// Each of these columns with its value in a row.
    func with(_ values: [SQLValue]) -> [RowDiff.Value] {
        zip(self, values).map { RowDiff.Value(column: $0, value: $1) }
    }
}
