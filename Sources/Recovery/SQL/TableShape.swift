import GRDB

/// A table according to its schema: its columns, and the key that identifies its rows.
struct TableShape: Hashable, Sendable {
    let name: String
    /// The stored columns, in their order, without generated ones.
    let columns: [String]
    /// All columns, including generated ones.
    let allColumns: [String]
    /// The columns of the primary key in their order. Without one, a name of the rowid that is not a column's
    /// (sqlite.org/rowidtable.html). Empty if there is none left.
    private(set) var key: [String]
    /// The collation of each column of the key in the key's own index, if it has one.
    private(set) var collations: [String]
    /// Collations of any index that SQLite does not provide. Without them it writes no row.
    var unknownCollations: Set<String>
    /// Columns that store each value as it is, so that `7` and `'7'` are two keys.
    let untypedColumns: [String]
    let isWithoutRowID: Bool
    let isVirtual: Bool
    /// Whether the key is the rowid under another name (sqlite.org/lang_createtable.html, section 5).
    let isRowIDAlias: Bool
    /// A name of the rowid that is not a column's; nil if there is none.
    let rowIDName: String?

    /// The user's tables of a schema, by name: neither SQLite's own nor the shadow tables of virtual ones
    /// (sqlite.org/pragma.html#pragma_table_list).
    ///
    /// - Parameter withShadows: whether the shadow tables are included.
    static func all(
        of schema: String,
        withShadows: Bool = false,
        in database: Database
    ) throws -> [SQLName: TableShape] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = ? AND type IN ('table', 'virtual'\(withShadows ? ", 'shadow'" : ""))
                AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
                """,
            arguments: [schema]
        )
        var shapes: [SQLName: TableShape] = [:]
        for row in rows {
            let name: String = row["name"]
            let isVirtual: String = row["type"]
            shapes[SQLName(name)] = try TableShape(
                name,
                isWithoutRowID: row["wr"],
                isVirtual: isVirtual == "virtual",
                isStrict: row["strict"],
                schema,
                database
            )
        }
        return shapes
    }

    private init(
        _ name: String,
        isWithoutRowID: Bool,
        isVirtual: Bool,
        isStrict: Bool,
        _ schema: String,
        _ database: Database
    ) throws {
        self.name = name
        self.isWithoutRowID = isWithoutRowID
        self.isVirtual = isVirtual
        guard !isVirtual else {
            (columns, allColumns, key, collations, isRowIDAlias, rowIDName) = ([], [], [], [], false, nil)
            (unknownCollations, untypedColumns) = ([], [])
            return
        }
        // hidden: 0 for ordinary columns, 2 and 3 for generated ones.
        let rows = try Row.fetchAll(
            database,
            sql:
                "SELECT name, pk, upper(type) = 'INTEGER', hidden, type FROM pragma_table_xinfo(?, ?) ORDER BY cid",
            arguments: [name, schema]
        )
        let columns = rows.filter { $0["hidden"] == 0 }
            .map { row -> (name: String, place: Int) in (row["name"], row["pk"]) }
        self.columns = columns.map(\.name)
        let key = columns.filter { $0.place > 0 }.sorted { $0.place < $1.place }.map(\.name)
        untypedColumns = rows.filter { Self.hasNoAffinity($0["type"], isStrict) }.map { $0["name"] }
        // An `INTEGER PRIMARY KEY DESC` is not an alias of the rowid, and has an index.
        let indexed = try Row.fetchAll(
            database,
            sql: """
                SELECT i.origin = 'pk', x.coll FROM pragma_index_list(?1, ?2) AS i, pragma_index_xinfo(i.name, ?2) AS x
                WHERE x.key ORDER BY x.seqno
                """,
            arguments: [name, schema]
        )
        collations = indexed.filter { $0[0] }.map { $0[1] }
        unknownCollations = Set(indexed.map { $0[1] as String }.filter(Database.isUnknownCollation))
        isRowIDAlias =
            !isWithoutRowID && key.count == 1 && collations.isEmpty && rows.contains { $0[1] == 1 && $0[2] }
        let all: [String] = rows.map { $0["name"] }
        allColumns = all
        rowIDName = isWithoutRowID ? nil : ["rowid", "_rowid_", "oid"].first { !all.containsName($0) }
        self.key = key.isEmpty ? rowIDName.map { [$0] } ?? [] : key
    }

    /// Whether a column of that type converts no value (sqlite.org/datatype3.html, section 3.1).
    private static func hasNoAffinity(_ type: String, _ isStrict: Bool) -> Bool {
        let type = type.uppercased()
        if isStrict, type == "ANY" { return true }
        guard !["INT", "CHAR", "CLOB", "TEXT"].contains(where: type.contains) else { return false }
        return type.isEmpty || type.contains("BLOB")
    }

    /// The condition that two rows are the same one. It uses the key's collation and the affinity of `left`,
    /// as needed for the use of an index.
    func isSameRow(_ left: String, _ right: String) -> String {
        key.enumerated().map { index, column in
            let collation = index < collations.count ? " COLLATE \(collations[index].sqlName)" : ""
            return "\(left).\(column.sqlName) IS \(right).\(column.sqlName)\(collation)"
        }
        .allOf
    }

    /// The condition that a row has NULL in its key, so that the key does not identify it
    /// (sqlite.org/quirks.html, section 5).
    func hasNull(_ row: String) -> String { key.map { "\(row).\($0.sqlName) IS NULL" }.anyOf }

    /// The same table with its rowid as the key; nil if that has no name.
    var keyedByRowID: TableShape? {
        guard let rowIDName else { return nil }
        var shape = self
        (shape.key, shape.collations) = ([rowIDName], [])
        return shape
    }

    /// Whether the rows have no key of their own, and are identified by their rowid.
    var hasRowIDKey: Bool { key.count == 1 && !columns.containsName(key[0]) }
}

extension Database {
    /// Those that users know.
    func tableNames() throws -> [String] {
        try String.fetchAll(
            self,
            sql:
                "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
    }

    func views() throws -> [String] {
        try String.fetchAll(self, sql: "SELECT name FROM main.sqlite_master WHERE type = 'view'")
    }
}
