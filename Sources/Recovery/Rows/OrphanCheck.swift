import GRDB

/// Finds rows with foreign keys that lead nowhere since rows were restored, in each table that is related to
/// them.
struct OrphanCheck {
    /// A row, by its rowid if it has one, and the foreign key that leads nowhere
    /// (sqlite.org/pragma.html#pragma_foreign_key_check).
    struct Orphan: Hashable {
        let table: String
        let rowID: Int64?
        let parent: String
        let foreignKey: Int
    }

    let placement: RowPlacement
    private var database: Database { placement.database }

    /// Each with its number: those without a rowid are alike.
    func all() throws -> [Orphan: Int] {
        let foreignKeys = try ForeignKey.all("main", placement.shapes, database)
        let parents = placement.set.tables
        let children = foreignKeys.filter { parents.containsName($0.parent) }.map(\.child)
        var orphans: [Orphan: Int] = [:]
        for table in Set((placement.tables + children).map(SQLName.init)) {
            for orphan in try of(table.text) { orphans[orphan, default: 0] += 1 }
        }
        return orphans
    }

    /// The orphans of a table. If a foreign key names no key of its parent, that is an error of the schema
    /// (sqlite.org/foreignkeys.html, section 3). SQLite then reports no rows: the result is empty.
    private func of(_ table: String) throws -> [Orphan] {
        do {
            return try Row.fetchAll(
                database,
                sql: "SELECT \"table\", rowid, parent, fkid FROM pragma_foreign_key_check(?, 'main')",
                arguments: [table]
            )
            .map { Orphan(table: $0[0], rowID: $0[1], parent: $0[2], foreignKey: $0[3]) }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
            return []
        }
    }

    /// Removes added rows without a parent again. Returns them, with the missing parents. Throws
    /// `RowError.orphans` when other rows lack their parents now.
    func removeNew(
        since before: [Orphan: Int]
    ) throws -> (removed: [RowChange], violations: [ForeignKeyViolation]) {
        var (removed, all): ([RowChange], [Orphan]) = ([], [])
        while true {
            let new = try self.all().filter { $0.value > before[$0.key] ?? 0 }.map(\.key)
            guard !new.isEmpty else { return (removed, Self.violations(all)) }
            all += new
            for orphan in new {
                guard let row = try remove(orphan) else { throw RowError.orphans(Self.violations(all)) }
                removed += row
            }
        }
    }

    /// nil: it existed before. Empty if it was removed already for another of its keys.
    private func remove(_ orphan: Orphan) throws -> [RowChange]? {
        guard let rowID = orphan.rowID,
            let table = placement.set.tables.first(where: { $0.isSameName(as: orphan.table) }),
            let shape = placement.shapes[named: table], let name = shape.rowIDName
        else { return nil }
        let keys = "plan.\(RowSet.keys(table)) k JOIN \(RowPlacement.missing(table)) m ON m.id = k.rowid"
        let row = "main.\(table.sqlName) AS n WHERE n.\(name) = \(rowID)"
        guard try database.has("FROM \(row)") else { return [] }
        var change: RowChange?
        try database.eachRow(
            """
            SELECT \(shape.key.list(of: "k")) FROM \(keys)
            WHERE EXISTS (SELECT 1 FROM \(row) AND \(shape.isSameRow("n", "k")))
            """
        ) { values in
            let reason = "its row in \(orphan.parent) is not there"
            change = RowChange(table: table, kind: .blocked, key: shape.key.with(values), reason: reason)
        }
        guard let change else { return nil }
        try database.execute(sql: "DELETE FROM \(row)")
        return [change]
    }

    private static func violations(_ orphans: [Orphan]) -> [ForeignKeyViolation] {
        Dictionary(grouping: orphans) { [$0.table, $0.parent] }.sorted { $0.key[0] < $1.key[0] }
            .map { ForeignKeyViolation(table: $0[0], parent: $0[1], count: $1.count) }
    }
}
