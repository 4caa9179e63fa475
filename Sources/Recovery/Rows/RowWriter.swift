import GRDB

/// Inserts the missing rows of one table: all in one statement. If a rule of the table forbids one of them,
/// each is inserted by itself.
struct RowWriter {
    let placement: RowPlacement
    let table: String
    /// Whether the rows are those with other values that were removed, rather than the wanted ones.
    let areKept: Bool
    private var shape: TableShape { placement.shapes[named: table]! }
    private var database: Database { placement.database }

    /// Returns the rows that could not be inserted, and those that were removed for others.
    func run(isOverwriting: Bool) throws -> [RowChange] {
        if hasRoom {
            do {
                try database.execute(sql: insert("ABORT"))
                return []
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {}
        }
        let places = try Int64.fetchAll(database, sql: "SELECT k.rowid FROM \(keys) k WHERE \(isMissing)")
        let log = try DisplacementLog(placement, shape)
        try log.open()
        defer { log.close() }
        return try places.flatMap { place -> [RowChange] in
            do {
                try insertOne(place, "ABORT")
                return []
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                return try resolve(place, error.message ?? "\(error.resultCode)", log, isOverwriting)
            }
        }
    }

    /// SQLite itself reports the conflicting rows: those that it removes in favour of this one.
    private func resolve(
        _ place: Int64,
        _ reason: String,
        _ log: DisplacementLog,
        _ isOverwriting: Bool
    ) throws -> [RowChange] {
        var (obstacles, reason): ([[RowDiff.Value]], String) = ([], reason)
        var isReplaced = false
        try database.inSavepoint {
            do {
                try insertOne(place, "REPLACE")
                obstacles = try log.rows()
                guard isOverwriting, !obstacles.isEmpty else { return .rollback }
                // REPLACE stores a default instead of NULL in a NOT NULL column.
                try database.execute(
                    sql: """
                        DELETE FROM main.\(table.sqlName) AS n
                        WHERE EXISTS (SELECT 1 FROM \(keys) k WHERE k.rowid = ? AND \(shape.isSameRow("n", "k")))
                        """,
                    arguments: [place]
                )
                try insertOne(place, "ABORT")
                if let child = try log.childWithoutParent() {
                    reason += ", and rows of \(child) refer to the row that conflicts"
                    return .rollback
                }
                try log.forget()
                isReplaced = true
                return .commit
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                return .rollback
            }
        }
        if isReplaced { return obstacles.map { RowChange(table: table, kind: .displaced, key: $0) } }
        var change = RowChange(table: table, kind: .blocked, key: try key(place), reason: reason)
        change.obstacles = obstacles
        return [change]
    }

    private func key(_ place: Int64) throws -> [RowDiff.Value] {
        var key: [RowDiff.Value] = []
        let sql = "SELECT \(shape.key.list(of: "k")) FROM \(keys) k WHERE k.rowid = ?"
        try database.eachRow(sql, arguments: [place]) { key = shape.key.with($0) }
        return key
    }
}

extension RowWriter {
    private var keys: String { areKept ? RowPlacement.kept(table) : "plan.\(RowSet.keys(table))" }

    private var isMissing: String {
        "NOT EXISTS (SELECT 1 FROM main.\(table.sqlName) n WHERE \(shape.isSameRow("n", "k")))"
    }

    /// Whether one statement can have all columns and the rowid.
    private var hasRoom: Bool { shape.columns.count < ColumnLimit.ofSQLite || rowID == nil }

    /// The rowid that a row gets, if that is not a column: its own, if no other row has it by now.
    private var rowID: (name: String, value: String)? {
        guard let name = shape.rowIDName, !shape.isRowIDAlias else { return nil }
        if shape.hasRowIDKey { return (name, "k.\(shape.key[0].sqlName)") }
        if areKept { return (name, "k.\"holdfast rowid\"") }
        guard let former = placement.set.shapes[named: table]!.rowIDName else { return nil }
        let isTaken = "EXISTS (SELECT 1 FROM main.\(table.sqlName) x WHERE x.\(name) = o.\(former))"
        return (name, "iif(\(isTaken), NULL, o.\(former))")
    }

    private func insert(_ onConflict: String, withRowID: Bool = true) -> String {
        let common = placement.common(table)
        let new = areKept ? placement.newColumns(table).missing(in: shape.key) : []
        let rowID = withRowID ? self.rowID : nil
        let names = [rowID?.name].compactMap(\.self) + (common + new).map(\.sqlName)
        let values =
            [rowID?.value].compactMap(\.self) + common.map { "o.\($0.sqlName)" }
            + new.map { "k.\($0.sqlName)" }
        // Rows that keep their rowids precede those that get new ones, which could be the same.
        let order = rowID.map { " ORDER BY \($0.value) IS NULL" } ?? ""
        return """
            INSERT OR \(onConflict) INTO main.\(table.sqlName)(\(names.joined(separator: ", ")))
            SELECT \(values.joined(separator: ", ")) FROM \(keys) k
            JOIN old.\(table.sqlName) o ON \(shape.isSameRow("o", "k")) WHERE \(isMissing)
            """ + order
    }

    private func insertOne(_ place: Int64, _ onConflict: String) throws {
        let sql = insert(onConflict, withRowID: hasRoom).replacing(
            "WHERE \(isMissing)",
            with: "WHERE k.rowid = \(place) AND \(isMissing)"
        )
        try database.execute(sql: sql)
        guard !hasRoom, let rowID, database.changesCount > 0 else { return }
        try database.execute(
            sql: """
                UPDATE OR IGNORE main.\(table.sqlName) SET \(rowID.name) = coalesce(
                (SELECT \(rowID.value) FROM \(keys) k JOIN old.\(table.sqlName) o ON \(shape.isSameRow("o", "k"))
                WHERE k.rowid = \(place)), \(rowID.name)) WHERE \(rowID.name) = last_insert_rowid()
                """
        )
    }
}

/// Records the rows that SQLite removes in favour of others, by a temporary trigger. Those fire even when
/// others are off (sqlite.org/c3ref/c_dbconfig_defensive.html, SQLITE_DBCONFIG_ENABLE_TRIGGER).
private struct DisplacementLog {
    private static let name = "holdfast displaced".sqlName
    private static let trigger = "holdfast displaces".sqlName
    private let database: Database
    private let shape: TableShape
    /// Those that refer to the table.
    private let foreignKeys: [ForeignKey]

    init(_ placement: RowPlacement, _ shape: TableShape) throws {
        (database, self.shape) = (placement.database, shape)
        foreignKeys = try ForeignKey.all("main", placement.shapes, database)
            .filter { $0.parent.isSameName(as: shape.name) }
    }

    func open() throws {
        let parentColumns = foreignKeys.flatMap(\.parentColumns).missing(in: shape.key)
        let columns = shape.key + Dictionary(grouping: parentColumns, by: SQLName.init).keys.map(\.text)
        let named = columns.map { "\($0.sqlName) AS \($0.sqlName)" }.joined(separator: ", ")
        try database.execute(
            sql: """
                CREATE TABLE temp.\(Self.name) AS SELECT \(named) FROM main.\(shape.name.sqlName) WHERE 0;
                CREATE TEMP TRIGGER \(Self.trigger) AFTER DELETE ON main.\(shape.name.sqlName)
                BEGIN INSERT INTO \(Self.name) VALUES(\(columns.list(of: "OLD"))); END;
                """
        )
    }

    /// A table with rows that referred to a removed row, and now refer to none.
    func childWithoutParent() throws -> String? {
        try foreignKeys.first { foreignKey in
            let columns = zip(foreignKey.parentColumns, foreignKey.columns)
            let refers = { (row: String, sign: String) in
                columns.map { "\(row).\($0.sqlName) = \(sign)c.\($1.sqlName)" }.allOf
            }
            return try database.has(
                """
                FROM temp.\(Self.name) d JOIN main.\(foreignKey.child.sqlName) c ON \(refers("d", ""))
                WHERE NOT EXISTS (SELECT 1 FROM main.\(shape.name.sqlName) p WHERE \(refers("p", "+")))
                """
            )
        }?
        .child
    }

    func close() {
        try? database.execute(sql: "DROP TRIGGER temp.\(Self.trigger); DROP TABLE temp.\(Self.name);")
    }

    func rows() throws -> [[RowDiff.Value]] {
        var rows: [[RowDiff.Value]] = []
        try database.eachRow("SELECT \(shape.key.list) FROM temp.\(Self.name) ORDER BY rowid") {
            rows.append(shape.key.with($0))
        }
        return rows
    }

    func forget() throws { try database.execute(sql: "DELETE FROM temp.\(Self.name)") }
}
