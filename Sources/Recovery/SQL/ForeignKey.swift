import GRDB

/// A foreign key: rows of `child` refer to rows of `parent` (sqlite.org/foreignkeys.html).
struct ForeignKey: Hashable {
    let child: String
    let columns: [String]
    let parent: String
    let parentColumns: [String]
    /// Whether deleting a parent sets the columns to NULL or a default, and does not delete the row.
    let unlinks: Bool

    /// All between the tables of a schema, except those that lead to no table or to no column of it.
    static func all(
        _ schema: String,
        _ tables: [SQLName: TableShape],
        _ database: Database
    ) throws -> [ForeignKey] {
        try tables.values.filter { !$0.isVirtual }.sorted { SQLName($0.name) < SQLName($1.name) }.flatMap {
            child in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT id, "table", "from", "to", on_delete FROM pragma_foreign_key_list(?, ?) ORDER BY id, seq
                    """,
                arguments: [child.name, schema]
            )
            return Dictionary(grouping: rows) { $0["id"] as Int }.sorted { $0.key < $1.key }
                .compactMap { _, rows in ForeignKey(rows, of: child, in: tables) }
        }
    }

    /// From the rows of `pragma_foreign_key_list` for one key.
    private init?(_ rows: [Row], of child: TableShape, in tables: [SQLName: TableShape]) {
        guard let parent = tables[named: rows[0]["table"]] else { return nil }
        let named = rows.compactMap { $0["to"] as String? }
        let action: String = rows[0]["on_delete"]
        self.child = child.name
        self.parent = parent.name
        columns = rows.map { $0["from"] }
        // Without a name it refers to the parent's primary key.
        parentColumns = named.count == rows.count ? named : parent.key
        unlinks = action == "SET NULL" || action == "SET DEFAULT"
        guard columns.count == parentColumns.count, columns.missing(in: child.allColumns).isEmpty,
            parentColumns.missing(in: parent.allColumns).isEmpty
        else { return nil }
    }
}
