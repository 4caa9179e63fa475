import GRDB
import RepositoryFormat
import SystemPackage

/// The selected rows of one table.
package enum RowSelection: Hashable, Sendable {
    /// By primary key: of each row, the value of each column of the key, as people write them.
    case keys([[String]])
    /// Rows for which an SQL expression is true.
    case condition(String)
}

/// The keys of the wanted rows of a former image, in a database of its own. It has a table of keys for each
/// table. It also has a table of the children's keys for each foreign key that a deletion set to NULL.
struct RowSet {
    /// The children of wanted rows whose foreign key was set to NULL.
    struct Link {
        let foreignKey: ForeignKey
        /// The table of the children's keys.
        let keys: String
    }

    /// The tables of the former image.
    private(set) var shapes: [SQLName: TableShape] = [:]
    /// The tables with wanted rows, in the order in which they were found: parents before children.
    private(set) var tables: [String] = []
    private(set) var links: [Link] = []
    /// Wanted rows that cannot be restored, and are not among the keys.
    private(set) var blocked: [RowChange] = []
    /// The database with the keys.
    let path: FilePath
    let former: FormerDatabase
    /// The encoding of the keys and of the former image; nil if that cannot be attached as it is.
    private var encoding: String?

    /// Throws `RowError`.
    init(
        _ table: String,
        _ selection: RowSelection,
        withChildren: Bool,
        of image: ImageURI,
        from former: FormerDatabase,
        in path: FilePath
    ) throws {
        (self.path, self.former) = (path, former)
        let queue = try DatabaseQueue()
        try queue.writeWithoutTransaction { database in
            try database.adoptEncoding(of: image)
            try database.execute(sql: "ATTACH ? AS plan", arguments: [ImageURI(writable: path).text])
            // The database is private and temporary.
            try database.execute(sql: "PRAGMA plan.journal_mode = MEMORY; PRAGMA plan.synchronous = OFF;")
            shapes = try database.attach(readable: image, as: "old")
            let isCopy = try database.isTemporary("old")
            encoding = try isCopy ? nil : String.fetchOne(database, sql: "PRAGMA plan.encoding")
            guard let name = shapes[named: table]?.name else {
                throw RowError.missing(table, in: image, at: former.sequence)
            }
            try select(name, selection, database)
            if withChildren { try close(tables, database) }
            try removeNullKeys(database)
        }
        try queue.close()
    }

    /// Attaches the former image as `old` and the set as `plan`. Programs write to the current tables
    /// meanwhile, so this is usually quick.
    func attach(to database: Database, _ image: ImageURI) throws {
        if let encoding, try encoding == String.fetchOne(database, sql: "PRAGMA main.encoding") {
            try database.execute(sql: "ATTACH ? AS old", arguments: [image.text])
            try database.execute(sql: "ATTACH ? AS plan", arguments: [ImageURI(writable: path).text])
        } else {
            try database.attach(readable: image, as: "old", notesAltered: true)
            try database.attach(readable: ImageURI(path), as: "plan", writable: ImageURI(writable: path))
        }
        try database.execute(sql: "PRAGMA plan.journal_mode = MEMORY; PRAGMA plan.synchronous = OFF;")
    }

    static func keys(_ table: String) -> String { ("keys of " + table).sqlName }
}

extension RowSet {
    private mutating func add(_ table: String, _ database: Database) throws {
        guard !tables.containsName(table) else { return }
        let shape = shapes[named: table]!
        guard !shape.isVirtual else { throw RowError.isVirtual(table) }
        guard !shape.key.isEmpty else { throw RowError.noKey(table) }
        try Self.makeKeys(Self.keys(table), shape, database)
        tables.append(table)
    }

    /// Columns without a type store each value unchanged.
    private static func makeKeys(_ name: String, _ shape: TableShape, _ database: Database) throws {
        let (columns, index) = (shape.key.list, ("by " + name).sqlName)
        try database.execute(sql: "CREATE TABLE IF NOT EXISTS plan.\(name)(\(columns))")
        try database.execute(sql: "CREATE INDEX IF NOT EXISTS plan.\(index) ON \(name)(\(columns))")
    }

    /// Throws `RowError.nullKey` if no row is left.
    private mutating func removeNullKeys(_ database: Database) throws {
        let keys = tables.map { ($0, Self.keys($0)) } + links.map { ($0.foreignKey.child, $0.keys) }
        for (table, keys) in keys where !shapes[named: table]!.hasRowIDKey {
            let isNull = shapes[named: table]!.hasNull("k")
            try block("NULL in its primary key does not identify it", table, keys, where: isNull, database)
        }
        guard let first = blocked.first else { return }
        let isEmpty = try !keys.contains { try database.has("FROM plan.\($0.1)") }
        if isEmpty { throw RowError.nullKey(first.table, former) }
    }

    /// Removes wanted rows that the current database, which has another encoding, cannot have unchanged.
    mutating func removeAltered(_ database: Database) throws {
        for table in tables {
            let altered = Database.alteredRows(of: table)
            guard try database.has("FROM temp.sqlite_master WHERE name = ?", arguments: [altered]) else {
                continue
            }
            let isSame = shapes[named: table]!.isSameRow("a", "k")
            let isAltered = "EXISTS (SELECT 1 FROM temp.\(altered.sqlName) a WHERE \(isSame))"
            let reason = "the database has another encoding by now, which cannot have its text"
            try block(reason, table, Self.keys(table), where: isAltered, database)
        }
    }

    /// Removes rows from the keys `k` that cannot be restored.
    private mutating func block(
        _ reason: String,
        _ table: String,
        _ keys: String,
        where condition: String,
        _ database: Database
    ) throws {
        let columns = shapes[named: table]!.key
        let rows = "FROM plan.\(keys) AS k WHERE \(condition)"
        try database.eachRow("SELECT \(columns.list(of: "k")) \(rows)") { values in
            let key = columns.with(values)
            let isRow = key.map { "\($0.column.sqlName) IS \($0.value.literal)" }.allOf
            let advice = "take it from \(former.rows(of: table, where: isRow))"
            blocked.append(
                RowChange(table: table, kind: .blocked, key: key, reason: "\(reason): \(advice)")
            )
        }
        try database.execute(sql: "DELETE \(rows)")
    }

    private mutating func select(
        _ table: String,
        _ selection: RowSelection,
        _ database: Database
    ) throws {
        try add(table, database)
        let (shape, keys) = (shapes[named: table]!, Self.keys(table))
        let key = shape.key
        switch selection {
        case .condition(let sql):
            // The expression uses the table's own name.
            let rows =
                "SELECT \(key.list(of: table.sqlName)) FROM old.\(table.sqlName) WHERE (\(sql)\n)"
            do {
                try database.execute(sql: "INSERT INTO plan.\(keys) \(rows)")
            } catch let error as DatabaseError {
                throw SQLError(error)
            }
            if database.changesCount == 0 { throw RowError.noRows(table, at: former.sequence) }
        case .keys(let rows):
            for row in rows {
                guard row.count == key.count else {
                    throw RowError.wrongKeyCount(table, columns: key, given: row.count)
                }
                let found = "FROM old.\(table.sqlName) o WHERE \(key.map { "o.\($0.sqlName) = ?" }.allOf)"
                let values = try RowKeyText.candidates(row).map { StatementArguments($0) }
                    .first { try database.has(found, arguments: $0) }
                guard let values else {
                    throw RowError.noSuchRow(table, key: row, at: former.sequence)
                }
                // A key may be given twice.
                let isKnown = "EXISTS (SELECT 1 FROM plan.\(keys) x WHERE \(shape.isSameRow("x", "o")))"
                try database.execute(
                    sql: "INSERT INTO plan.\(keys) SELECT \(key.list(of: "o")) \(found) AND NOT \(isKnown)",
                    arguments: values
                )
            }
        }
    }

    /// Adds all rows that refer to wanted ones of these tables, and those that refer to these.
    private mutating func close(_ parents: [String], _ database: Database) throws {
        let foreignKeys = try ForeignKey.all("old", shapes, database)
        var open = parents
        while let parent = open.popLast() {
            for foreignKey in foreignKeys where foreignKey.parent.isSameName(as: parent) {
                guard let child = shapes[named: foreignKey.child], !child.isVirtual, !child.key.isEmpty else {
                    continue
                }
                if foreignKey.unlinks {
                    try addLinks(foreignKey, child, database)
                } else {
                    try add(child.name, database)
                    try insertChildren(foreignKey, child, into: Self.keys(child.name), database)
                    if database.changesCount > 0 { open.append(child.name) }
                }
            }
        }
    }

    /// Adds children whose foreign key was to be set to NULL, but which are missing in `main`, with all rows
    /// that refer to them. The connection has the former image attached as `old` and the set as `plan`.
    mutating func addDeletedLinks(_ present: [SQLName: TableShape], _ database: Database) throws {
        var wasAdded = true
        while wasAdded {
            wasAdded = false
            for link in links {
                let child = shapes[named: link.foreignKey.child]!
                guard let now = present[named: child.name], now.key.isSameNames(as: child.key) else {
                    continue
                }
                let gone = """
                    FROM plan.\(link.keys) l WHERE NOT EXISTS (
                    SELECT 1 FROM main.\(child.name.sqlName) n WHERE \(child.isSameRow("n", "l")))
                    """
                guard try database.has(gone) else { continue }
                try add(child.name, database)
                let keys = Self.keys(child.name)
                try database.execute(
                    sql: """
                        INSERT INTO plan.\(keys) SELECT \(child.key.list(of: "l")) \(gone)
                        AND NOT EXISTS (SELECT 1 FROM plan.\(keys) x WHERE \(child.isSameRow("x", "l")))
                        """
                )
                guard database.changesCount > 0 else { continue }
                wasAdded = true
                try close([child.name], database)
                try removeNullKeys(database)
            }
        }
    }

    private mutating func addLinks(_ foreignKey: ForeignKey, _ child: TableShape, _ database: Database) throws
    {
        let known = links.first { $0.foreignKey == foreignKey }?.keys
        // An earlier attempt may have left one.
        let path = [foreignKey.child, foreignKey.parent] + foreignKey.columns + foreignKey.parentColumns
        let name = known ?? ("links " + path.joined(separator: " ")).sqlName
        if known == nil {
            try Self.makeKeys(name, child, database)
            links.append(Link(foreignKey: foreignKey, keys: name))
        }
        try insertChildren(foreignKey, child, into: name, database)
    }

    private func insertChildren(
        _ foreignKey: ForeignKey,
        _ child: TableShape,
        into keys: String,
        _ database: Database
    ) throws {
        let parent = shapes[named: foreignKey.parent]!
        let refers = zip(foreignKey.parentColumns, foreignKey.columns)
            .map { "p.\($0.sqlName) = c.\($1.sqlName)" }.allOf
        let isKnown = child.isSameRow("x", "c")
        try database.execute(
            sql: """
                INSERT INTO plan.\(keys) SELECT DISTINCT \(child.key.list(of: "c"))
                FROM plan.\(Self.keys(parent.name)) k
                JOIN old.\(parent.name.sqlName) p ON \(parent.isSameRow("p", "k"))
                JOIN old.\(child.name.sqlName) c ON \(refers)
                WHERE NOT EXISTS (SELECT 1 FROM plan.\(keys) x WHERE \(isKnown))
                """
        )
    }
}
