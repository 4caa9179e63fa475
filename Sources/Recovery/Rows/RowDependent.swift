import GRDB

/// An object that depends on the rows of a table and was not updated, since no trigger runs.
package struct RowDependent: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case trigger
        /// A virtual table that a trigger of the table fills.
        case virtualTable
        /// A full-text index over the table, which can be rebuilt from it (sqlite.org/fts5.html, section
        /// 6.10).
        case index(isRebuilt: Bool)
    }

    package let name: String
    package let table: String
    package internal(set) var kind: Kind
    /// The statement that rebuilds it.
    package var rebuild: String { "INSERT INTO \(name.sqlName)(\(name.sqlName)) VALUES('rebuild')" }
}

extension RowDependent {
    /// The dependents of some tables of `main`, by name.
    static func all(of tables: [String], in database: Database) throws -> [RowDependent] {
        let schema = try Row.fetchAll(
            database,
            sql:
                "SELECT type, name, tbl_name, sql FROM main.sqlite_master WHERE sql IS NOT NULL ORDER BY name"
        )
        .map { row -> (type: String, name: String, table: String, words: SQLWords) in
            (row[0], row[1], row[2], SQLWords(row[3]))
        }
        let virtual = schema.filter { $0.type == "table" && $0.words.begins(with: ["create", "virtual"]) }
        return tables.flatMap { table in
            var sources = [table]
            var views = schema.filter { $0.type == "view" }
            // A view may be over another one.
            while let place = views.firstIndex(where: { sources.contains(where: $0.words.mention) }) {
                sources.append(views.remove(at: place).name)
            }
            let indexes = virtual.filter { item in item.words.content.map(sources.containsName) ?? false }
            let triggers = schema.filter { $0.type == "trigger" && $0.table.isSameName(as: table) }
                .filter { trigger in !indexes.contains { trigger.words.mention($0.name) } }
            let filled = virtual.filter { item in triggers.contains { $0.words.mention(item.name) } }
            return indexes.map { RowDependent(name: $0.name, table: table, kind: .index(isRebuilt: false)) }
                + filled.map { RowDependent(name: $0.name, table: table, kind: .virtualTable) }
                + triggers.map { RowDependent(name: $0.name, table: table, kind: .trigger) }
        }
    }

    /// Rebuilds the index. If this SQLite lacks its module or tokenizer, it remains unchanged.
    func rebuilt(in database: Database) throws -> RowDependent {
        guard case .index = kind else { return self }
        var dependent = self
        do {
            try database.inSavepoint {
                try database.execute(sql: rebuild)
                return .commit
            }
            dependent.kind = .index(isRebuilt: true)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {}
        return dependent
    }
}
