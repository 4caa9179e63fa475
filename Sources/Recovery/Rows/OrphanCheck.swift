import GRDB

/// Finds rows with foreign keys that lead nowhere since rows were restored, in each table that is related to
/// them.
struct OrphanCheck {
    /// A foreign key, by its number in its table (sqlite.org/pragma.html#pragma_foreign_key_list).
    struct Reference: Hashable {
        let table: String
        let parent: String
        let number: Int
    }

    /// A row with a foreign key that leads nowhere (sqlite.org/pragma.html#pragma_foreign_key_check).
    struct Orphan: Hashable {
        let reference: Reference
        /// The rowid; in a table without, the values of the primary key.
        let row: [SQLValue]
    }

    /// A wanted row that is an orphan.
    private struct Wanted {
        let orphan: Orphan
        let key: [RowDiff.Value]
        /// Whether it was added; otherwise it existed before.
        let isAdded: Bool
        /// Whether its foreign key led nowhere in the former image either.
        let wasOrphan: Bool
    }

    let placement: RowPlacement
    private var database: Database { placement.database }

    func all() throws -> Set<Orphan> {
        let foreignKeys = try ForeignKey.all("main", placement.shapes, database)
        let parents = placement.set.tables
        let children = foreignKeys.filter { parents.containsName($0.parent) }.map(\.child)
        return try Set(Set((placement.tables + children).map(SQLName.init)).flatMap { try of($0.text) })
    }

    /// The orphans of a table. If a foreign key names no key of its parent, that is an error of the schema
    /// (sqlite.org/foreignkeys.html, section 3). SQLite then reports no rows: the result is empty.
    private func of(_ table: String) throws -> Set<Orphan> {
        var orphans: Set<Orphan> = []
        var withoutRowID: Set<Reference> = []
        do {
            let sql = "SELECT \"table\", parent, fkid, rowid FROM pragma_foreign_key_check(?, 'main')"
            let rows = try Row.fetchCursor(database, sql: sql, arguments: [table])
            while let row = try rows.next() {
                let reference = Reference(table: row[0], parent: row[1], number: row[2])
                if let rowID = row[3] as Int64? {
                    orphans.insert(Orphan(reference: reference, row: [.integer(rowID)]))
                } else {
                    withoutRowID.insert(reference)
                }
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
            return []
        }
        for reference in withoutRowID {
            guard let shape = placement.shapes[named: table],
                let leadsNowhere = try leadsNowhere(reference, "n", in: "main", placement.shapes)
            else { continue }
            let rows = "FROM main.\(table.sqlName) n WHERE \(leadsNowhere)"
            try database.eachRow("SELECT \(shape.key.list(of: "n")) \(rows)") {
                orphans.insert(Orphan(reference: reference, row: $0))
            }
        }
        return orphans
    }

    /// Removes added rows without a parent again, unless they had none in the former image either. Returns
    /// both kinds, by their parents. Throws `RowError.orphans` when other rows lack their parents now.
    func removeNew(
        since before: Set<Orphan>
    ) throws -> (removed: [RowChange], violations: [ForeignKeyViolation], former: [ForeignKeyViolation]) {
        var (removed, all): ([RowChange], Set<Orphan>) = ([], [])
        while true {
            var new = try self.all().subtracting(before)
            let references = Set(new.map(\.reference))
                .sorted { ($0.table, $0.number) < ($1.table, $1.number) }
            let rows = try references.flatMap(wanted).filter { new.contains($0.orphan) }
            let former = Set(rows.filter(\.wasOrphan).map(\.orphan))
            new.subtract(former)
            guard !new.isEmpty else { return (removed, Self.violations(all), Self.violations(former)) }
            all.formUnion(new)
            let gone = try rows.filter { try $0.isAdded && !$0.wasOrphan && remove($0.orphan) }
            guard !gone.isEmpty else { throw RowError.orphans(Self.violations(all)) }
            removed += gone.map { row in
                let reference = row.orphan.reference
                let reason = "its row in \(reference.parent) is not there"
                return RowChange(table: reference.table, kind: .blocked, key: row.key, reason: reason)
            }
        }
    }

    /// The wanted rows whose foreign key leads nowhere now.
    private func wanted(_ reference: Reference) throws -> [Wanted] {
        guard let table = placement.set.tables.first(where: { $0.isSameName(as: reference.table) }),
            let shape = placement.shapes[named: table],
            let leadsNowhere = try leadsNowhere(reference, "n", in: "main", placement.shapes)
        else { return [] }
        let ledNowhere = try self.leadsNowhere(reference, "o", in: "old", placement.set.shapes) ?? "0"
        let row = shape.rowIDName.map { [$0] } ?? shape.key
        var wanted: [Wanted] = []
        try database.eachRow(
            """
            SELECT m.id IS NOT NULL, \(ledNowhere), \(row.list(of: "n")), \(shape.key.list(of: "k"))
            FROM plan.\(RowSet.keys(table)) k JOIN main.\(table.sqlName) n ON \(shape.isSameRow("n", "k"))
            JOIN old.\(table.sqlName) o ON \(shape.isSameRow("o", "k"))
            LEFT JOIN \(RowPlacement.missing(table)) m ON m.id = k.rowid WHERE \(leadsNowhere)
            """
        ) { values in
            wanted.append(
                Wanted(
                    orphan: Orphan(reference: reference, row: Array(values[2..<2 + row.count])),
                    key: shape.key.with(Array(values[(2 + row.count)...])),
                    isAdded: values[0] == .integer(1),
                    wasOrphan: values[1] == .integer(1)
                )
            )
        }
        return wanted
    }

    /// The condition that the foreign key of a row leads nowhere. SQLite compares with the affinity and the
    /// collation of the parent's column. nil: the schema does not have its columns.
    private func leadsNowhere(
        _ reference: Reference,
        _ row: String,
        in schema: String,
        _ shapes: [SQLName: TableShape]
    ) throws -> String? {
        let rows = try Row.fetchAll(
            database,
            sql: "SELECT \"from\", \"to\" FROM pragma_foreign_key_list(?, 'main') WHERE id = ? ORDER BY seq",
            arguments: [reference.table, reference.number]
        )
        let columns: [String] = rows.map { $0[0] }
        let named = rows.compactMap { $0[1] as String? }
        guard let child = shapes[named: reference.table], columns.missing(in: child.columns).isEmpty else {
            return nil
        }
        let isSet = columns.map { "\(row).\($0.sqlName) IS NOT NULL" }.allOf
        guard let parent = shapes[named: reference.parent], !parent.isVirtual else { return isSet }
        let parentColumns = named.count == columns.count ? named : parent.key
        guard parentColumns.count == columns.count, parentColumns.missing(in: parent.columns).isEmpty else {
            return nil
        }
        let refers = zip(parentColumns, columns).map { "p.\($0.sqlName) = +\(row).\($1.sqlName)" }.allOf
        return "\(isSet) AND NOT EXISTS (SELECT 1 FROM \(schema).\(parent.name.sqlName) p WHERE \(refers))"
    }

    /// Returns false if it was removed already for another of its keys.
    private func remove(_ orphan: Orphan) throws -> Bool {
        let shape = placement.shapes[named: orphan.reference.table]!
        let condition: String
        if let rowIDName = shape.rowIDName {
            condition = "n.\(rowIDName) = \(orphan.row[0].literal)"
        } else {
            condition =
                shape.key.enumerated().map { index, column in
                    let isOwn = index < shape.collations.count
                    let collation = isOwn ? " COLLATE \(shape.collations[index].sqlName)" : ""
                    return "n.\(column.sqlName) IS \(orphan.row[index].literal)\(collation)"
                }
                .allOf
        }
        try database.execute(sql: "DELETE FROM main.\(shape.name.sqlName) AS n WHERE \(condition)")
        return database.changesCount > 0
    }

    private static func violations(_ orphans: Set<Orphan>) -> [ForeignKeyViolation] {
        Dictionary(grouping: orphans) { [$0.reference.table, $0.reference.parent] }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map { ForeignKeyViolation(table: $0[0], parent: $0[1], count: $1.count) }
    }
}
