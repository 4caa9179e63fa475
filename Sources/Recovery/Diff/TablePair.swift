import GRDB

/// A table in two images, and the SQL that compares them: `o` is a row of the older one, `n` of the newer
/// one.
struct TablePair {
    private let name: String
    private let key: [String]
    private let isSameRow: String
    /// Columns; nil if there is no such table.
    private let old: [String]?
    private let new: [String]?
    /// What a row of the older image must meet, and one of the newer one.
    private let limits: (old: String, new: String)?

    /// Nil when rows of one cannot be found in the other, or cannot be read.
    ///
    /// - Parameter rowIDs: only these rows are compared, if both images have the table; nil: all.
    init?(_ old: TableShape?, _ new: TableShape?, _ rowIDs: DifferingRowIDs? = nil) {
        guard let some = old ?? new, !some.isVirtual, !some.key.isEmpty else { return nil }
        if let old, let new {
            guard !new.isVirtual, new.key.isSameNames(as: old.key), old.hasRowIDKey == new.hasRowIDKey else {
                return nil
            }
        }
        name = some.name
        key = some.key
        self.old = old?.columns
        self.new = new?.columns.spelled(as: old?.columns ?? [])
        isSameRow = some.isSameRow("n", "o")
        if let rowIDs, old != nil, new != nil, let rowID = some.rowIDName {
            limits = (rowIDs.old(of: "o.\(rowID)"), rowIDs.new(of: "n.\(rowID)"))
        } else {
            limits = nil
        }
    }

    /// The kinds of differences that are possible.
    var kinds: [RowDiff.Kind] {
        if old == nil { return [.added] }
        return new == nil ? [.removed] : [.removed, .changed, .added]
    }

    func count(_ kind: RowDiff.Kind, _ database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "SELECT count(*) \(rows(kind))") ?? 0
    }

    /// Calls `body` for each row with that kind of difference, ordered by key.
    ///
    /// - Parameter condition: SQL of a user that must be true for a removed row. Throws `SQLError` if it is
    ///   wrong.
    func each(
        _ kind: RowDiff.Kind,
        _ database: Database,
        where condition: String? = nil,
        _ body: (RowDiff) throws -> Void
    ) throws {
        let side = kind == .added ? "n" : "o"
        let olds = kind == .added ? [] : old ?? []
        let news = kind == .removed ? [] : new ?? []
        let columns =
            key.map { "\(side).\($0.sqlName)" } + olds.map { "o.\($0.sqlName)" }
            + news.map { "n.\($0.sqlName)" }
        // A wide table needs several cursors, which read the same rows in the same order.
        let rows = rows(kind) + (condition.map(isRemovedRow) ?? "")
        let statements = try columns.parts.map { part in
            let list = part.joined(separator: ", ")
            return try database.makeStatement(
                sql: "SELECT \(list) \(rows) ORDER BY \(key.list(of: side))"
            )
        }
        let cursors = try statements.map { try Row.fetchCursor($0) }
        while try cursors.reduce(true, { try $1.next() != nil && $0 }) {
            let values = statements.flatMap(\.values)
            let named = { (names: [String], start: Int) in
                names.enumerated().map { RowDiff.Value(column: $1, value: values[start + $0]) }
            }
            let before = named(olds, key.count)
            let after = named(news, key.count + olds.count)
            let isChanged = kind == .changed
            try body(
                RowDiff(
                    table: name,
                    kind: kind,
                    key: named(key, 0),
                    old: isChanged ? before.changed(from: after) : before,
                    new: isChanged ? after.changed(from: before) : after
                )
            )
        }
    }

    /// What follows `rows(.removed)` for a condition. It uses the table's own name.
    private func isRemovedRow(_ condition: String) -> String {
        let table = name.sqlName
        let isSame = key.map { "\(table).\($0.sqlName) IS o.\($0.sqlName)" }.allOf
        return (new == nil ? " WHERE " : " AND ")
            + "EXISTS (SELECT 1 FROM old.\(table) WHERE \(isSame) AND (\(condition)\n))"
    }

    private func rows(_ kind: RowDiff.Kind) -> String {
        guard let limits else { return allRows(kind) }
        return allRows(kind) + " AND \(kind == .added ? limits.new : limits.old)"
    }

    private func allRows(_ kind: RowDiff.Kind) -> String {
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
            let common = (old ?? []).common(with: new ?? [])
            return "FROM \(before) JOIN \(after) ON \(match) WHERE \(common.differ(in: "o", and: "n"))"
        }
    }
}
