import CSQLite
import GRDB
import LinuxSystem
import SystemPackage

/// Compares a database with what its dump makes. They are equal if and only if:
/// 1. Both have the same definitions, byte for byte.
/// 2. Each table has the same rows with the same rowids, byte for byte. A virtual table is compared by its
///    shadow tables.
/// 3. The counters of AUTOINCREMENT are the same.
struct DumpCheck {
    private let image: Database
    private let made: Database
    /// Whether text is stored as UTF-16.
    private let isWide: Bool

    /// Throws `ExportError` when the dump makes something else. A statement that fails is no error: `sqlite3`
    /// may lack a table for statistics that another one made.
    ///
    /// - Parameter image: in a private directory. The dump's database is made beside it and removed.
    static func run(_ dump: SQLDump, of path: FilePath, _ image: FilePath) throws {
        let made = image.appending(suffix: "-from-dump")
        defer { try? Directory.remove(made) }
        // Of a database without tables, the dump makes no file.
        _ = try OpenFile(made, .createNew)
        try dump.tryMaking(made)
        let (before, after) = (try ImageDatabase(at: image), try ImageDatabase(at: made))
        if try before.hasTables(), try !after.hasTables() { throw ExportError.dumpsNothing(path) }
        let difference = try before.read { image in
            try after.read { try DumpCheck(image, $0).firstDifference() }
        }
        if let difference { throw ExportError.differs(path, name: difference) }
    }

    private init(_ image: Database, _ made: Database) throws {
        self.image = image
        self.made = made
        isWide = try String.fetchOne(image, sql: "PRAGMA encoding") != "UTF-8"
    }

    /// The name of a definition or a table; nil if all are equal.
    private func firstDifference() throws -> String? {
        let definitions = """
            SELECT name, type, tbl_name, sql FROM sqlite_master
            WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\' ORDER BY name, type
            """
        if case .text(let name) = try firstDifference(definitions) { return name.lossyString }
        let tables = try TableShape.all(of: "main", withShadows: true, in: image)
        for (_, table) in tables.sorted(by: { $0.key < $1.key }) where !table.isVirtual {
            // A wide table is read in parts.
            for part in ([table.rowIDName].compactMap(\.self) + table.columns).parts {
                let rows = "SELECT \(part.list) FROM \(table.name.sqlName)\(table.order)"
                do {
                    guard try firstDifference(rows) == nil else { return table.name }
                } catch is DatabaseError {
                    // It was not made, or can be read only by its program.
                    return table.name
                }
            }
        }
        let counters = "sqlite_sequence"
        guard try image.has("FROM sqlite_master WHERE name = '\(counters)'") else { return nil }
        return try firstDifference("SELECT name, seq FROM \(counters) ORDER BY 1, 2") == nil ? nil : counters
    }

    /// The first value of the first row of a query that differs; nil if all rows are equal.
    private func firstDifference(_ sql: String) throws -> SQLValue? {
        let statements = try [image, made].map { try $0.makeStatement(sql: sql) }
        let rows = try statements.map { try Row.fetchCursor($0) }
        while true {
            let areThere = try rows.map { try $0.next() != nil }
            guard areThere == [true, true] else {
                return zip(statements, areThere).first { $1 }?.0.values.first
            }
            guard statements[0].hasSameRow(as: statements[1], isWide: isWide) else {
                return statements[0].values.first
            }
        }
    }
}

extension TableShape {
    /// Without a name for its rowid, a table is read in the order of its rowids anyway.
    fileprivate var order: String {
        if let rowIDName { return " ORDER BY \(rowIDName)" }
        guard isWithoutRowID else { return " NOT INDEXED" }
        let terms = zip(key, collations).map { "\($0.sqlName) COLLATE \($1.sqlName)" }
        return " ORDER BY \(terms.joined(separator: ", "))"
    }
}

extension Statement {
    /// Whether the current rows of two cursors are equal: the same types and the same bytes. So 0.0 is not
    /// -0.0.
    ///
    /// - Parameter isWide: text is compared as UTF-16. As UTF-8 it cannot have lone surrogates.
    fileprivate func hasSameRow(as other: Statement, isWide: Bool) -> Bool {
        (0..<Int32(columnCount)).allSatisfy { column in
            let (one, two) = unsafe (sqliteStatement, other.sqliteStatement)
            let type = unsafe sqlite3_column_type(one, column)
            guard unsafe sqlite3_column_type(two, column) == type else { return false }
            switch type {
            case SQLITE_INTEGER:
                return unsafe sqlite3_column_int64(one, column) == sqlite3_column_int64(two, column)
            case SQLITE_FLOAT:
                let numbers = unsafe (sqlite3_column_double(one, column), sqlite3_column_double(two, column))
                return numbers.0.bitPattern == numbers.1.bitPattern
            case SQLITE_TEXT, SQLITE_BLOB:
                let isWide = isWide && type == SQLITE_TEXT
                return rawBytes(column, isWide: isWide).isEqual(to: other.rawBytes(column, isWide: isWide))
            default: return true
            }
        }
    }

    /// Until the cursor moves.
    @_lifetime(borrow self)
    private func rawBytes(_ column: Int32, isWide: Bool) -> RawSpan {
        let row = unsafe sqliteStatement
        let start = unsafe isWide ? sqlite3_column_text16(row, column) : sqlite3_column_blob(row, column)
        let count = unsafe isWide ? sqlite3_column_bytes16(row, column) : sqlite3_column_bytes(row, column)
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(count))
        return unsafe _overrideLifetime(RawSpan(_unsafeBytes: bytes), borrowing: self)
    }
}
