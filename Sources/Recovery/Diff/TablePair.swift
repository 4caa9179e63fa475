import GRDB

/// A table as two images have it, and the SQL that compares them: `o` is a row of the older one, `n` of the newer one.
struct TablePair {
    private let name: String
    private let key: [String]
    private let isSameRow: String
    /// Columns; nil where there is no such table.
    private let old: [String]?
    private let new: [String]?

    /// Nil when rows of one cannot be found in the other, or are not to be had.
    init?(_ old: TableShape?, _ new: TableShape?) {
        guard let some = old ?? new, !some.isVirtual, !some.key.isEmpty else { return nil }
        if let old, let new {
            guard !new.isVirtual, new.key.spelled(as: old.key) == old.key, old.hasRowIDKey == new.hasRowIDKey
            else { return nil }
        }
        name = some.name
        key = some.key
        self.old = old?.columns
        self.new = new?.columns.spelled(as: old?.columns ?? [])
        isSameRow = some.isSameRow("n", "o")
    }

    /// In which ways rows can differ.
    var kinds: [RowDiff.Kind] {
        if old == nil { return [.added] }
        return new == nil ? [.removed] : [.removed, .changed, .added]
    }

    /// How many rows differ in that way.
    func count(_ kind: RowDiff.Kind, _ database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "SELECT count(*) \(rows(kind))") ?? 0
    }

    /// Calls `body` for each row that differs in that way, by their keys.
    func each(_ kind: RowDiff.Kind, _ database: Database, _ body: (RowDiff) throws -> Void) throws {
        let keys = key.list(of: kind == .added ? "n" : "o")
        let olds = kind == .added ? [] : old ?? []
        let news = kind == .removed ? [] : new ?? []
        let columns = [keys, olds.list(of: "o"), news.list(of: "n")].filter { !$0.isEmpty }
        let cursor = try Row.fetchCursor(
            database,
            sql: "SELECT \(columns.joined(separator: ", ")) \(rows(kind)) ORDER BY \(keys)"
        )
        while let row = try cursor.next() {
            let values = Array(row.databaseValues).map(SQLValue.init)
            let named = { (names: [String], start: Int) in
                names.enumerated().map { RowDiff.Value(column: $1, value: values[start + $0]) }
            }
            var before = named(olds, key.count)
            var after = named(news, key.count + olds.count)
            if kind == .changed {
                let (allBefore, allAfter) = (before, after)
                before = allBefore.filter { news.contains($0.column) && !allAfter.contains($0) }
                after = allAfter.filter { olds.contains($0.column) && !allBefore.contains($0) }
            }
            try body(RowDiff(table: name, kind: kind, key: named(key, 0), old: before, new: after))
        }
    }

    private func rows(_ kind: RowDiff.Kind) -> String {
        let match = isSameRow
        let (before, after) = ("old.\(name.sqlName) o", "new.\(name.sqlName) n")
        switch kind {
        case .added:
            return old == nil
                ? "FROM \(after)" : "FROM \(after) WHERE NOT EXISTS (SELECT 1 FROM \(before) WHERE \(match))"
        case .removed:
            return new == nil
                ? "FROM \(before)" : "FROM \(before) WHERE NOT EXISTS (SELECT 1 FROM \(after) WHERE \(match))"
        case .changed:
            let common = (old ?? []).filter { new?.contains($0) ?? false }
            return "FROM \(before) JOIN \(after) ON \(match) WHERE \(common.differ(in: "o", and: "n"))"
        }
    }
}
