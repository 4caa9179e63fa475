import GRDB
import RepositoryFormat

/// The definitions of a database, as its user wrote them. SQLite's own tables and indexes are omitted,
/// because `ANALYZE`, for example, adds and removes them.
struct Schema: Hashable {
    /// A trigger may have the name of a table (sqlite.org/schematab.html).
    struct Key: Hashable {
        let type: String
        let name: SQLName
    }

    struct Definition: Hashable {
        let table: SQLName
        /// Two definitions are equal if their bytes are.
        let text: SQLText
    }

    private(set) var definitions: [Key: Definition] = [:]
    let userVersion: Int

    /// The same for the same definitions, in any process.
    var digest: UInt64 {
        let texts = definitions.values.map(\.text.bytes).sorted { $0.lexicographicallyPrecedes($1) }
        let bytes = Array("\(userVersion)".utf8) + texts.joined(separator: [0])
        return unsafe XXH64.hash(bytes.span.bytes, seed: 0)
    }

    var views: [String] { definitions.keys.filter { $0.type == "view" }.map(\.name.text) }

    /// The schema of `main`.
    init(in database: Database) throws {
        userVersion = try Int.fetchOne(database, sql: "PRAGMA main.user_version") ?? 0
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT type, name, tbl_name, sql FROM main.sqlite_master
                WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
                """
        )
        for row in rows {
            let (type, name, table, text): (String, String, String, String) = (row[0], row[1], row[2], row[3])
            let key = Key(type: type, name: SQLName(name))
            definitions[key] = Definition(table: SQLName(table), text: SQLText(bytes: Array(text.utf8)))
        }
    }
}
