import CSQLite
import FoundationEssentials
import GRDB
import SystemPackage

extension Database {
    /// Attaches an image for reading, and returns its tables. nil: there is no database, and no table.
    ///
    /// Images that SQLite cannot read together with `main` are copied into a temporary database of that name:
    /// 1. An image in another encoding (sqlite.org/lang_attach.html).
    /// 2. An image with keys in the order of a collation that only its program has. In the copy such keys are
    ///    compared by their bytes.
    ///
    /// - Parameters:
    ///   - notesAltered: whether the keys of copied rows whose text differs from the image's are put into
    ///     `alteredRows`.
    ///   - writable: the same file, if it is to be written as well.
    @discardableResult
    func attach(
        readable image: ImageURI?,
        as schema: String,
        notesAltered: Bool = false,
        writable: ImageURI? = nil
    ) throws -> [SQLName: TableShape] {
        guard let image else {
            try execute(sql: "ATTACH ':memory:' AS \(schema)")
            return [:]
        }
        let source = try ImageDatabase(image)
        let (encoding, shapes, isPartial) = try source.read { image in
            let encoding = try String.fetchOne(image, sql: "PRAGMA encoding")
            return (encoding, try TableShape.all(of: "main", in: image), try image.hasPartialSchema)
        }
        if isPartial { try execute(sql: "PRAGMA writable_schema = ON") }
        let unknown = unknownCollations(of: shapes.values)
        let ownEncoding = try String.fetchOne(self, sql: "PRAGMA main.encoding")
        if unknown.isEmpty, encoding == ownEncoding {
            try execute(sql: "ATTACH ? AS \(schema)", arguments: [(writable ?? image).text])
            return shapes
        }
        // SQLite removes it with the connection.
        try execute(sql: "ATTACH '' AS \(schema)")
        try source.read { image in
            try image.addStandIns(for: unknown)
            let isUTF8 = encoding == "UTF-8"
            let mayAlter = notesAltered && isUTF8 != (ownEncoding == "UTF-8")
            try TableCopy(
                source: image,
                shapes: shapes,
                target: self,
                schema: schema,
                alters: mayAlter ? { isUTF8 ? $0.hasBrokenUTF8 : $0.hasBrokenUTF16 } : { _ in false }
            )
            .run()
        }
        let virtual = shapes.filter { $0.value.isVirtual }
        var copies = try TableShape.all(of: schema, in: self)
        for name in copies.keys { copies[name]?.unknownCollations = shapes[name]?.unknownCollations ?? [] }
        return copies.merging(virtual) { copied, _ in copied }
    }
}

extension Database {
    /// A temporary table, if there are such rows: the keys of copied rows whose text SQLite could not convert
    /// unchanged, because it is not valid in the encoding of the image.
    static func alteredRows(of table: String) -> String { "holdfast altered " + table }
}

/// Makes tables with the same columns, keys, foreign keys and rows in another schema, without their other
/// rules.
private struct TableCopy {
    let source: Database
    let shapes: [SQLName: TableShape]
    let target: Database
    let schema: String
    /// Whether the copy of the current row has other text.
    let alters: (Statement) -> Bool

    func run() throws {
        let foreignKeys = try ForeignKey.all("main", shapes, source)
        try target.inSavepoint {
            for shape in shapes.values where !shape.isVirtual {
                try target.execute(
                    sql: definition(shape, foreignKeys.filter { $0.child.isSameName(as: shape.name) })
                )
                try copy(shape)
            }
            return .commit
        }
    }

    private func definition(_ shape: TableShape, _ foreignKeys: [ForeignKey]) throws -> String {
        var parts = try columns(shape)
        if !shape.isRowIDAlias, !shape.hasRowIDKey, !shape.key.isEmpty {
            let key = shape.key.enumerated().map { index, column in
                column.sqlName + (index < shape.collations.count ? collate(shape.collations[index]) : "")
            }
            parts.append("PRIMARY KEY(\(key.joined(separator: ", ")))")
        }
        parts += foreignKeys.map { key in
            """
            FOREIGN KEY(\(key.columns.list)) REFERENCES \(key.parent.sqlName)(\(key.parentColumns.list))\
            \(key.unlinks ? " ON DELETE SET NULL" : "")
            """
        }
        return "CREATE TABLE \(schema).\(shape.name.sqlName)(\(parts.joined(separator: ", ")))"
            + (shape.isWithoutRowID ? " WITHOUT ROWID" : "")
    }

    /// With the type and the collation, on which conditions depend.
    private func columns(_ shape: TableShape) throws -> [String] {
        let isStrict = try Bool.fetchOne(
            source,
            sql: "SELECT strict FROM pragma_table_list(?) WHERE schema = 'main'",
            arguments: [shape.name]
        )
        let rows = try Row.fetchAll(
            source,
            sql: "SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid",
            arguments: [shape.name]
        )
        return rows.map { row in
            let (name, declared): (String, String) = (row[0], row[1])
            // Only in a strict table, it stores each value unchanged.
            let type = isStrict ?? false && declared.isSameName(as: "ANY") ? "" : declared
            if shape.isRowIDAlias, shape.key[0].isSameName(as: name) {
                return "\(name.sqlName) INTEGER PRIMARY KEY"
            }
            return name.sqlName + (type.isEmpty ? "" : " " + type.sqlName)
                + collate(source.collation(of: name, in: shape.name))
        }
    }

    private func collate(_ name: String) -> String {
        " COLLATE \(Database.collations.containsName(name) ? name : "BINARY")"
    }

    /// Copies rows from one connection to the other, because no statement can read both. Values are only
    /// converted.
    private func copy(_ shape: TableShape) throws {
        let rowID = shape.isRowIDAlias ? nil : shape.rowIDName
        let hasRoom = shape.columns.count < ColumnLimit.ofSQLite
        let columns = (hasRoom ? [rowID].compactMap(\.self) : []) + shape.columns
        let names = columns.list
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        let table = shape.name.sqlName
        let select = try source.makeStatement(sql: "SELECT \(names) FROM \(table)")
        let insert = try target.makeStatement(
            sql: "INSERT INTO \(schema).\(table)(\(names)) VALUES(\(marks))"
        )
        let rows = try Row.fetchCursor(select)
        var note: Statement?
        while try rows.next() != nil {
            if alters(select) {
                note = try note ?? noteStatement(shape)
                try note?.run(withRowOf: select, columns: shape.key.compactMap(columns.firstIndex))
            }
            try insert.run(withRowOf: select)
        }
    }

    private func noteStatement(_ shape: TableShape) throws -> Statement {
        let name = "temp." + Database.alteredRows(of: shape.name).sqlName
        try target.execute(sql: "CREATE TABLE \(name)(\(shape.key.list))")
        let marks = shape.key.map { _ in "?" }.joined(separator: ", ")
        return try target.makeStatement(sql: "INSERT INTO \(name) VALUES(\(marks))")
    }
}

enum ColumnLimit {
    /// The most columns of a table or a result (sqlite.org/limits.html, SQLITE_MAX_COLUMN).
    static let ofSQLite = 2_000
}

extension Statement {
    /// As they are: text may contain bytes that no string can.
    ///
    /// - Parameter columns: the places of the values; nil: all.
    func run(withRowOf other: Statement, columns: [Int]? = nil) throws {
        let (from, to) = unsafe (other.sqliteStatement, sqliteStatement)
        for (place, column) in (columns ?? Array(0..<other.columnCount)).enumerated() {
            unsafe sqlite3_bind_value(to, Int32(place) + 1, sqlite3_column_value(from, Int32(column)))
        }
        _ = unsafe sqlite3_step(to)
        let code = unsafe sqlite3_reset(to)
        guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
    }
}

extension Statement {
    /// Whether the current row has text in UTF-8 that SQLite does not convert to UTF-16 unchanged.
    fileprivate var hasBrokenUTF8: Bool {
        values.contains { value in
            guard case .text(let text) = value else { return false }
            // For SQLite, these two are no characters.
            return text.string?.unicodeScalars.contains { [0xFFFE, 0xFFFF].contains($0.value) } ?? true
        }
    }

    /// The same for text in UTF-16. SQLite must not have been asked for it in UTF-8.
    fileprivate var hasBrokenUTF16: Bool {
        let row = unsafe sqliteStatement
        return (0..<Int32(columnCount)).contains { column in
            guard unsafe sqlite3_column_type(row, column) == SQLITE_TEXT,
                let start = unsafe sqlite3_column_text16(row, column)
            else { return false }
            let count = Int(unsafe sqlite3_column_bytes16(row, column))
            let bytes = unsafe UnsafeRawBufferPointer(start: start, count: count)
            let units = stride(from: 0, to: count - 1, by: 2).map {
                unsafe bytes.loadUnaligned(fromByteOffset: $0, as: UInt16.self)
            }
            return String(validating: units, as: UTF16.self) == nil
        }
    }
}

extension Database {
    /// The collation of a column of `main` (sqlite.org/c3ref/table_column_metadata.html).
    fileprivate func collation(of column: String, in table: String) -> String {
        var name: UnsafePointer<CChar>?
        let code = unsafe sqlite3_table_column_metadata(
            sqliteConnection,
            "main",
            table,
            column,
            nil,
            &name,
            nil,
            nil,
            nil
        )
        guard code == SQLITE_OK, let name = unsafe name else { return "BINARY" }
        return unsafe String(cString: name)
    }
}

extension Database {
    /// Whether that schema is a copy, and not a named file.
    func isTemporary(_ schema: String) throws -> Bool {
        try String.fetchOne(
            self,
            sql: "SELECT file FROM pragma_database_list WHERE name = ?",
            arguments: [schema]
        ) == ""
    }

    /// Collations of keys that SQLite does not provide. Its list also has each one that a schema names.
    func unknownCollations(of shapes: some Sequence<TableShape>) -> Set<String> {
        Set(shapes.flatMap(\.collations).filter(Self.isUnknownCollation))
    }

    static func isUnknownCollation(_ name: String) -> Bool { !collations.containsName(name) }

    fileprivate static let collations = ["BINARY", "NOCASE", "RTRIM"]

    /// Adds stand-ins for these collations, so that SQLite can read all rows of tables with keys in their
    /// order. It refuses without them. A search by such a key finds nothing.
    func addStandIns(for collations: Set<String>) throws {
        guard !collations.isEmpty else { return }
        for name in collations {
            add(
                collation: DatabaseCollation(name) { one, other in
                    if one.utf8.elementsEqual(other.utf8) { return .orderedSame }
                    return one.utf8.lexicographicallyPrecedes(other.utf8)
                        ? .orderedAscending : .orderedDescending
                }
            )
        }
        // SQLite recorded that they are missing when it read the schema.
        try execute(sql: "PRAGMA writable_schema = RESET")
        try readSchemaInPart()
    }
}
