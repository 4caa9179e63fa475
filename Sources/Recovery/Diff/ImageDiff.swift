import GRDB
import SystemPackage

/// Compares two rebuilt images of a database row by row.
///
/// Two rows are the same row if they have the same primary key; in tables without one, the same rowid. The
/// columns that both have are compared by name, byte for byte: neither collation nor affinity makes two
/// values equal. Generated columns are not compared, since they depend on the others. Virtual tables are
/// omitted, since only their module knows their content.
package struct ImageDiff {
    let queue: DatabaseQueue
    let old: [SQLName: TableShape]
    let new: [SQLName: TableShape]
    /// The encoding of the newer image; nil if it cannot be attached as it is.
    let encoding: String?
    /// Only these rows are compared; nil: all.
    let rowIDs: DifferingRowIDs?

    /// Other changes than those of tables and their columns; none where either image is not a database.
    package let schemaChanges: [SchemaChange]

    /// Opens the images in two files.
    init(from old: FilePath?, to new: FilePath?) throws {
        try self.init(from: old.map { ImageURI($0) }, to: new.map { ImageURI($0) })
    }

    /// Opens both images. nil: there was no database, which has no tables.
    package init(from old: ImageURI?, to new: ImageURI?) throws {
        queue = try DatabaseQueue()
        let schemas = try [old, new].map { try $0.map { try ImageDatabase($0).read(Schema.init) } }
        views = schemas.flatMap { $0?.views ?? [] }
        rowIDs = nil
        var encoding: String?
        let shapes = try queue.writeWithoutTransaction { database in
            try database.adoptEncoding(of: old, new)
            let shapes = (
                try database.attach(readable: old, as: "old"), try database.attach(readable: new, as: "new")
            )
            let isCopy = try database.isTemporary("new") || database.hasPartialSchema
            encoding = isCopy ? nil : try String.fetchOne(database, sql: "PRAGMA main.encoding")
            return shapes
        }
        (self.old, self.new, self.encoding) = (shapes.0, shapes.1, encoding)
        guard let before = schemas[0], let after = schemas[1] else {
            schemaChanges = []
            return
        }
        schemaChanges = before.changes(to: after) { table in
            shapes.0[table] != nil && shapes.0[table]?.allColumns == shapes.1[table]?.allColumns
        }
    }

    /// Nil when the rows of a table cannot be distinguished. If any row has NULL in its key, the rowids are
    /// used.
    private func pair(_ table: String, _ database: Database) throws -> TablePair? {
        let shapes = [("old", old[named: table]), ("new", new[named: table])]
        let needsRowID = try shapes.contains { schema, shape in
            guard let shape, !shape.collations.isEmpty, !shape.isWithoutRowID else { return false }
            return try database.has("FROM \(schema).\(table.sqlName) AS r WHERE \(shape.hasNull("r"))")
        }
        let keyed = shapes.map { needsRowID ? $1?.keyedByRowID ?? $1 : $1 }
        return TablePair(keyed[0], keyed[1], rowIDs)
    }

    /// Tables that either image has, by name.
    package var tables: [String] { Set(old.keys).union(new.keys).sorted().map(\.text) }

    /// The names of views in either image.
    package let views: [String]

    /// The numbers of differing rows of a table.
    package func summary(of table: String) throws -> TableDiff {
        let (before, after) = (old[named: table], new[named: table])
        var diff = TableDiff(table: table, notes: Self.notes(before, after))
        try queue.read { database in
            if let pair = try pair(table, database) {
                for kind in pair.kinds {
                    let count = try pair.count(kind, database)
                    switch kind {
                    case .added: diff.added = count
                    case .removed: diff.removed = count
                    case .changed: diff.changed = count
                    }
                }
            } else if !(before ?? after)!.isVirtual {
                diff.isCompared = false
                diff.notes.append("its rows cannot be compared: they have no key, or another one")
            }
        }
        return diff
    }

    /// All differences.
    package func summary() throws -> DatabaseDiff {
        DatabaseDiff(tables: try tables.map(summary).filter { !$0.isEmpty }, schema: schemaChanges)
    }

    private static func notes(_ before: TableShape?, _ after: TableShape?) -> [String] {
        guard let before else { return ["the table is new"] }
        guard let after else { return ["the table went"] }
        return before.columns.missing(in: after.columns).map { "column \($0) went" }
            + after.columns.missing(in: before.columns).map { "column \($0) is new" }
    }

    /// Calls `body` for each differing row of a table: removed ones first, then changed, then added, each
    /// ordered by key.
    ///
    /// - Parameters:
    ///   - kinds: only rows with one of these differences.
    ///   - condition: SQL that must be true for a removed row.
    package func rows(
        of table: String,
        _ kinds: Set<RowDiff.Kind> = [.removed, .changed, .added],
        ifRemoved condition: String? = nil,
        _ body: (RowDiff) throws -> Void
    ) throws {
        try queue.read { database in
            guard let pair = try pair(table, database) else { return }
            for kind in pair.kinds where kinds.contains(kind) {
                try pair.each(kind, database, where: kind == .removed ? condition : nil, body)
            }
        }
    }

    func oldShape(of table: String) -> TableShape? { old[named: table] }
    func newShape(of table: String) -> TableShape? { new[named: table] }

    /// The number of rows of a table in each image; 0 where there is no such table.
    func rowCounts(of table: String) throws -> (old: Int, new: Int) {
        try queue.read { database in
            let count = { (schema: String, shape: TableShape?) throws -> Int in
                guard let shape else { return 0 }
                let sql = "SELECT count(*) FROM \(schema).\(shape.name.sqlName)"
                return try Int.fetchOne(database, sql: sql) ?? 0
            }
            return try (count("old", old[named: table]), count("new", new[named: table]))
        }
    }

    /// Throws `SQLError` if SQL is no condition on a table's rows.
    func check(_ condition: String, on table: String) throws {
        guard let shape = old[named: table] ?? new[named: table] else { return }
        let schema = old[named: table] == nil ? "new" : "old"
        try queue.read { database in
            do {
                let sql = "SELECT 1 FROM \(schema).\(shape.name.sqlName) WHERE (\(condition)\n)"
                _ = try database.makeStatement(sql: sql)
            } catch let error as DatabaseError {
                throw SQLError(error)
            }
        }
    }
}
