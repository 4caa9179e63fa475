package import RepositoryFormat
package import RepositoryReader

/// The rows of a table that some snapshot had, and that the latest state does not have.
package final class DeletedRows {
    package struct Row: Hashable, Sendable {
        /// How to get it back.
        enum Way: Hashable, Sendable {
            case restore
            /// NULL in its primary key does not identify it.
            case query
            /// Only its program can write to the table.
            case copy
        }

        package let key: [RowDiff.Value]
        package let row: [RowDiff.Value]
        /// The last snapshot that had it.
        package let last: SnapshotState
        let way: Way
        /// The key as `rows restore` reads it; nil if it would read another one, or none.
        let keyWords: [String]?
    }

    private let history: TableHistory
    private let condition: String?
    /// SQLite's answer to the condition; nil: it is none on any state of the table.
    private var conditionError: SQLError?
    private var isConditionRight = false
    private var rows = MissingRows()
    /// Snapshots whose rows cannot be compared with those before: rows may be gone that are not found.
    package private(set) var uncompared: [SnapshotState] = []

    package var examinedCount: Int { history.examinedCount }

    /// - Parameters:
    ///   - first: the first snapshot whose rows count.
    ///   - condition: SQL that must be true for a row, in the last snapshot that had it.
    package init(
        _ root: RootDescription,
        _ file: FileID,
        table: String,
        since first: SequenceNumber = .none,
        where condition: String? = nil
    ) throws {
        history = try TableHistory(root, file, table: table, in: first ... .last)
        self.condition = condition
    }

    /// The rows by their last snapshot, oldest first. Throws `RowError` when no snapshot had such a table,
    /// and `SQLError` when the condition is wrong.
    package func find() throws -> [Row] {
        try history.run { change in
            let isUsable = try isConditionUsable(in: change)
            guard let before = change.before else { return }
            if !change.summary.isCompared { uncompared.append(change.state) }
            try change.eachRemovedOrAdded(ifRemoved: isUsable ? condition : "0") { diff in
                switch diff.kind {
                case .removed: rows.remove(Row(diff, last: before, of: change.formerShape))
                case .added: rows.add(diff.key)
                case .changed: break
                }
            }
        }
        if let conditionError, !isConditionRight { throw conditionError }
        return rows.all
    }

    /// A column of the condition may be missing in some states of the table. It meets no row there.
    private func isConditionUsable(in change: TableHistory.Change) throws -> Bool {
        guard let condition else { return true }
        do {
            try change.check(condition)
            isConditionRight = true
            return true
        } catch let error as SQLError where !error.isDamage {
            if conditionError == nil { conditionError = error }
            return false
        }
    }
}

extension DeletedRows.Row {
    /// - Parameter shape: the table when it had the row.
    fileprivate init(_ diff: RowDiff, last: SnapshotState, of shape: TableShape?) {
        (key, row, self.last) = (diff.key, diff.old, last)
        let columns = shape?.key ?? []
        // The rowid stands for a primary key that has NULL in some row.
        let isKey = columns.isSameNames(as: key.map(\.column))
        let isNull = columns.contains { column in
            diff.old.contains { $0.column.isSameName(as: column) && $0.value == .null }
        }
        let needsProgram = !(shape?.unknownCollations.isEmpty ?? true)
        way = needsProgram ? .copy : isNull ? .query : .restore
        let words = key.compactMap { part in
            let isTyped = !(shape?.untypedColumns.containsName(part.column) ?? false)
            return RowKeyText.text(of: part.value, isTyped: isTyped)
        }
        keyWords = isKey && words.count == key.count ? words : nil
    }
}

/// Rows that were removed and not added again, by their keys.
struct MissingRows {
    /// Names as SQL compares them: a key in other columns is another key.
    private struct Key: Hashable {
        let columns: [SQLName]
        let values: [SQLValue]

        init(_ key: [RowDiff.Value]) {
            columns = key.map { SQLName($0.column) }
            values = key.map(\.value)
        }
    }

    private var rows: [Key: (place: Int, row: DeletedRows.Row)] = [:]
    private var count = 0

    mutating func remove(_ row: DeletedRows.Row) {
        rows[Key(row.key)] = (count, row)
        count += 1
    }

    mutating func add(_ key: [RowDiff.Value]) { rows[Key(key)] = nil }

    /// In the order in which they were removed.
    var all: [DeletedRows.Row] { rows.values.sorted { $0.place < $1.place }.map(\.row) }
}
