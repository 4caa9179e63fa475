import GRDB

/// A foreign key: rows of `child` refer to rows of `parent` (sqlite.org/foreignkeys.html).
struct ForeignKey: Hashable {
    let child: String
    let columns: [String]
    let parent: String
    let parentColumns: [String]
    /// What a deleted parent does to the columns, rather than to the row.
    let unlinks: Bool

    /// All between the tables of a schema; of those that lead to no table of it, none.
    static func all(
        _ schema: String,
        _ tables: [String: TableShape],
        _ database: Database
    ) throws -> [ForeignKey] {
        let names = Dictionary(tables.keys.map { ($0.lowercased(), $0) }) { first, _ in first }
        return try tables.keys.sorted().flatMap { child in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT id, "table", "from", "to", on_delete FROM pragma_foreign_key_list(?, ?) ORDER BY id, seq
                    """,
                arguments: [child, schema]
            )
            return Dictionary(grouping: rows) { $0["id"] as Int }.sorted { $0.key < $1.key }
                .compactMap { _, rows -> ForeignKey? in
                    let parentName: String = rows[0]["table"]
                    guard let parent = names[parentName.lowercased()] else { return nil }
                    let named = rows.compactMap { $0["to"] as String? }
                    let action: String = rows[0]["on_delete"]
                    return ForeignKey(
                        child: child,
                        columns: rows.map { $0["from"] },
                        parent: parent,
                        // Without a name it is the parent's primary key.
                        parentColumns: named.count == rows.count ? named : tables[parent]!.key,
                        unlinks: action == "SET NULL" || action == "SET DEFAULT"
                    )
                }
                .filter { $0.columns.count == $0.parentColumns.count }
        }
    }
}
