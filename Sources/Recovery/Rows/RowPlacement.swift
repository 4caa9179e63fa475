import GRDB
import SystemPackage

/// Puts the rows of a set into the database `main` of a connection, which has the former image attached as `old` and the set as
/// `plan`. Columns are matched by name: one that is new keeps its default, one that is gone is left out.
struct RowPlacement {
    private let set: RowSet
    private let database: Database
    private let shapes: [String: TableShape]

    /// Attaches both. Not in a transaction.
    /// Throws `RowError.otherTable` when the present tables cannot take the rows.
    init(_ set: RowSet, of image: FilePath, _ database: Database) throws {
        self.set = set
        self.database = database
        try database.execute(sql: "ATTACH ? AS old", arguments: [ImageDatabase.uri(image)])
        try database.execute(sql: "ATTACH ? AS plan", arguments: [ImageDatabase.uri(set.path)])
        shapes = try TableShape.all(of: "main", in: database)
        for table in Set(set.tables).union(set.links.map(\.foreignKey.child)) {
            guard let shape = shapes[table], !shape.isVirtual,
                shape.key.spelled(as: set.shapes[table]!.key) == set.shapes[table]!.key
            else {
                throw RowError.otherTable(table)
            }
        }
    }

    /// What there is to do, table by table: parents before children.
    func counts() throws -> [RowCounts] {
        var all: [RowCounts] = []
        for table in set.tables {
            var counts = RowCounts(table: table)
            for kind in [RowChange.Kind.missing, .same, .conflict] {
                counts.counts[kind] = try count(rows(table, kind))
            }
            counts.notes = notes(table)
            all.append(counts)
        }
        for link in set.links {
            let table = link.foreignKey.child
            let index = all.firstIndex { $0.table == table } ?? all.count
            if index == all.count { all.append(RowCounts(table: table)) }
            for kind in [RowChange.Kind.unlinked, .relinked] {
                all[index].counts[kind, default: 0] += try count(rows(link, kind))
            }
        }
        return all
    }

    /// Calls `body` for each wanted row.
    func each(_ body: (RowChange) throws -> Void) throws {
        for table in set.tables {
            for kind in [RowChange.Kind.missing, .conflict, .same] {
                try each(table, kind, rows(table, kind), body)
            }
        }
        for link in set.links {
            for kind in [RowChange.Kind.unlinked, .relinked] {
                try each(link.foreignKey.child, kind, rows(link, kind), body)
            }
        }
    }

    /// Does it. Foreign keys and triggers must be off.
    /// Throws `RowError.refused` when a rule of a table is against a row, `.orphans` when one would lack its parent.
    func apply(isOverwriting: Bool) throws {
        let tables = Set(set.tables).union(set.links.map(\.foreignKey.child)).sorted()
        let before = try violations(tables)
        do {
            for table in set.tables {
                try insert(table)
                if isOverwriting { try overwrite(table) }
            }
            for link in set.links { try relink(link, isOverwriting: isOverwriting) }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            throw RowError.refused(error.message ?? "\(error.resultCode)")
        }
        let after = try violations(tables)
        let new = after.filter { violation in
            violation.count > (before.first { $0.isSame(as: violation) }?.count ?? 0)
        }
        guard new.isEmpty else { throw RowError.orphans(new) }
    }
}

extension RowPlacement {
    private func count(_ rows: String) throws -> Int {
        try Int.fetchOne(database, sql: "SELECT count(*) \(rows)") ?? 0
    }

    private func each(
        _ table: String,
        _ kind: RowChange.Kind,
        _ rows: String,
        _ body: (RowChange) throws -> Void
    ) throws {
        let key = shapes[table]!.key
        let columns = key.list(of: "k")
        let cursor = try Row.fetchCursor(database, sql: "SELECT \(columns) \(rows) ORDER BY \(columns)")
        while let row = try cursor.next() {
            let values = Array(row.databaseValues).map(SQLValue.init)
            let named = zip(key, values).map { RowDiff.Value(column: $0, value: $1) }
            try body(RowChange(table: table, kind: kind, key: named))
        }
    }

    /// The keys `k` of wanted rows that are in that state.
    private func rows(_ table: String, _ kind: RowChange.Kind) -> String {
        let shape = shapes[table]!
        let keys = "FROM plan.\(RowSet.keys(table)) k"
        let present = "main.\(table.sqlName) n"
        if kind == .missing {
            return
                "\(keys) WHERE NOT EXISTS (SELECT 1 FROM \(present) WHERE \(shape.isSameRow("n", "k")))"
        }
        let differs = common(table).differ(in: "o", and: "n")
        return """
            \(keys) JOIN \(present) ON \(shape.isSameRow("n", "k"))
            JOIN old.\(table.sqlName) o ON \(shape.isSameRow("o", "k")) WHERE \(kind == .same ? "NOT " : "")(\(differs))
            """
    }

    /// The keys `k` of children that lost their parent, or have another one.
    private func rows(_ link: RowSet.Link, _ kind: RowChange.Kind) -> String {
        let table = link.foreignKey.child
        let shape = shapes[table]!
        return """
            FROM plan.\(link.keys) k JOIN main.\(table.sqlName) n ON \(shape.isSameRow("n", "k"))
            JOIN old.\(table.sqlName) o ON \(shape.isSameRow("o", "k")) WHERE \(Self.link(link, kind))
            """
    }

    private static func link(_ link: RowSet.Link, _ kind: RowChange.Kind) -> String {
        let columns = link.foreignKey.columns
        let isNull = columns.map { "n.\($0.sqlName) IS NULL" }.joined(separator: " AND ")
        let isOther = columns.map { "n.\($0.sqlName) IS NOT o.\($0.sqlName)" }.joined(separator: " OR ")
        return kind == .unlinked ? isNull : "NOT (\(isNull)) AND (\(isOther))"
    }

    /// The columns that both schemas have.
    private func common(_ table: String) -> [String] {
        set.shapes[table]!.columns.filter { shapes[table]!.columns.containsName($0) }
    }

    private func notes(_ table: String) -> [String] {
        let (old, new) = (set.shapes[table]!.columns, shapes[table]!.columns)
        return old.filter { !new.containsName($0) }.map { "column \($0) is gone, and left out" }
            + new.filter { !old.containsName($0) }.map { "column \($0) is new, and gets its default" }
    }

    private func insert(_ table: String) throws {
        let shape = shapes[table]!
        let columns = (shape.hasRowIDKey ? shape.key : []) + common(table)
        try database.execute(
            sql: """
                INSERT OR ABORT INTO main.\(table.sqlName)(\(columns.map(\.sqlName).joined(separator: ", ")))
                SELECT \(columns.list(of: "o")) FROM plan.\(RowSet.keys(table)) k
                JOIN old.\(table.sqlName) o ON \(shape.isSameRow("o", "k"))
                WHERE NOT EXISTS (SELECT 1 FROM main.\(table.sqlName) n WHERE \(shape.isSameRow("n", "k")))
                """
        )
    }

    /// The rows stay, so that nothing that refers to them goes.
    private func overwrite(_ table: String) throws {
        let columns = common(table)
        try update(table, columns, from: RowSet.keys(table), where: columns.differ(in: "o", and: "n"))
    }

    private func relink(_ link: RowSet.Link, isOverwriting: Bool) throws {
        let kinds: [RowChange.Kind] = isOverwriting ? [.unlinked, .relinked] : [.unlinked]
        let condition = kinds.map { "(\(Self.link(link, $0)))" }.joined(separator: " OR ")
        try update(link.foreignKey.child, link.foreignKey.columns, from: link.keys, where: condition)
    }

    private func update(
        _ table: String,
        _ columns: [String],
        from keys: String,
        where condition: String
    ) throws {
        let shape = shapes[table]!
        try database.execute(
            sql: """
                UPDATE OR ABORT main.\(table.sqlName) AS n
                SET \(columns.map { "\($0.sqlName) = o.\($0.sqlName)" }.joined(separator: ", "))
                FROM plan.\(keys) k JOIN old.\(table.sqlName) o ON \(shape.isSameRow("o", "k"))
                WHERE \(shape.isSameRow("n", "k")) AND (\(condition))
                """
        )
    }

    private func violations(_ tables: [String]) throws -> [ForeignKeyViolation] {
        try tables.flatMap { try ForeignKeyViolation.all(of: $0, in: database) }
    }
}

extension ForeignKeyViolation {
    fileprivate func isSame(as other: ForeignKeyViolation) -> Bool {
        table == other.table && parent == other.parent
    }
}
