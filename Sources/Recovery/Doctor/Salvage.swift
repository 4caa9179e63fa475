import CSQLite
import GRDB
import LinuxSystem
import SystemPackage

/// Makes a new database of the rows of a damaged image that can still be read.
///
/// Each table is read along its key from both ends. In a table with rowids, the reading continues after any
/// damage. The number of rowids to skip is found by doubling. From there the table is read back to the
/// damage.
struct Salvage {
    /// The parts of the image that are not in the new database.
    struct Loss {
        /// Tables with rows that cannot be read.
        var unread: [String] = []
        /// Objects that cannot be made here, as "index events_by_time".
        var unmade: [String] = []
    }

    private let image: FilePath
    private let imageBytes: UInt64

    init(_ image: FilePath) throws {
        self.image = image
        imageBytes = try FileStatus.of(image).sizeBytes
    }

    /// Returns nil, without a usable result, when not even the schema can be read.
    func run(to path: FilePath) throws -> Loss? {
        let queue = try DatabaseQueue(path: path.string, configuration: .withoutForeignKeys)
        do {
            // Two connections: an error in the damaged image must not end the transaction of the other.
            return try ImageDatabase(at: image).read { bad in
                try queue.writeWithoutTransaction { new in try copy(bad, new) }
            }
        } catch is DatabaseError {
            return nil
        }
    }

    private func copy(_ bad: Database, _ new: Database) throws -> Loss {
        try new.execute(sql: "PRAGMA synchronous = OFF")
        for pragma in ["encoding", "page_size", "auto_vacuum", "user_version", "application_id"] {
            let value = try String.fetchOne(bad, sql: "PRAGMA \(pragma)") ?? "0"
            try new.execute(sql: "PRAGMA \(pragma) = '\(value)'")
        }
        var loss = Loss()
        try new.inTransaction {
            loss.unmade += try makeSchema("type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'", bad, new)
            let shapes = try TableShape.all(of: "main", withShadows: true, in: bad)
            let made = try TableShape.all(of: "main", withShadows: true, in: new)
            for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) where made[name] != nil {
                if !read(shape, bad, new) { loss.unread.append(shape.name) }
            }
            try keepSequences(bad, new)
            try keepVirtualTables(bad, new)
            loss.unmade += try makeSchema("type <> 'table'", bad, new)
            return .commit
        }
        return loss
    }

    /// Objects that cannot be made are omitted, as an index over a duplicate value. Returns their names.
    private func makeSchema(_ condition: String, _ bad: Database, _ new: Database) throws -> [String] {
        let rows = try Row.fetchAll(
            bad,
            sql: """
                SELECT type || ' ' || name, sql FROM sqlite_master
                WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND \(condition)
                """
        )
        return rows.compactMap { row in
            let (name, sql): (String, String) = (row[0], row[1])
            do {
                try new.execute(sql: sql)
                return nil
            } catch {
                return name
            }
        }
    }

    /// The highest rowid that an AUTOINCREMENT table ever assigned (sqlite.org/autoinc.html).
    private func keepSequences(_ bad: Database, _ new: Database) throws {
        let rows = (try? Row.fetchAll(bad, sql: "SELECT name, seq FROM sqlite_sequence")) ?? []
        for row in rows {
            let (name, last): (String, Int64) = (row[0], row[1])
            try new.execute(sql: "DELETE FROM sqlite_sequence WHERE name = ?", arguments: [name])
            try new.execute(sql: "INSERT INTO sqlite_sequence VALUES(?, ?)", arguments: [name, last])
        }
    }

    /// The content of virtual tables is in tables of theirs, which exist already. They only need their line
    /// in the schema (sqlite.org/vtab.html, section 1.2).
    private func keepVirtualTables(_ bad: Database, _ new: Database) throws {
        let rows = try Row.fetchAll(
            bad,
            sql: "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL%'"
        )
        guard !rows.isEmpty else { return }
        try new.execute(sql: "PRAGMA writable_schema = ON")
        for row in rows {
            let (name, sql): (String, String) = (row[0], row[1])
            try new.execute(
                sql:
                    "INSERT INTO sqlite_master(type, name, tbl_name, rootpage, sql) VALUES('table', ?1, ?1, 0, ?2)",
                arguments: [name, sql]
            )
        }
        try new.execute(sql: "PRAGMA writable_schema = RESET")
    }

    /// Returns whether everything was read.
    private func read(_ shape: TableShape, _ bad: Database, _ new: Database) -> Bool {
        guard let rowID = shape.rowIDName else {
            // A table without rowids: from both ends.
            return ["", " DESC"].contains { order in
                let key = shape.key.map { $0.sqlName + order }.joined(separator: ", ")
                let read = copy(shape, shape.columns, "ORDER BY \(key)", [], bad, new)
                return read.isComplete && !read.wasRefused
            }
        }
        let columns = [rowID] + shape.columns.filter { $0 != rowID }
        var last = Int64.min
        while true {
            let read = copy(shape, columns, "WHERE \(rowID) >= ? ORDER BY \(rowID)", [last], bad, new)
            if read.isComplete { return last == .min && !read.wasRefused }
            last = max(last, read.last ?? last)
            // Damaged pages may lead backwards.
            guard let next = reenter(shape, rowID, after: last, bad), next > last else { break }
            copy(
                shape,
                columns,
                "WHERE \(rowID) > ? AND \(rowID) < ? ORDER BY \(rowID) DESC",
                [last, next],
                bad,
                new
            )
            last = next
        }
        copy(shape, columns, "WHERE \(rowID) > ? ORDER BY \(rowID) DESC", [last], bad, new)
        return false
    }

    /// The first rowid after the damage from which rows can be read; nil if there is none.
    private func reenter(
        _ shape: TableShape,
        _ rowID: String,
        after last: Int64,
        _ bad: Database
    ) -> Int64? {
        let sql =
            "SELECT \(rowID) FROM \(shape.name.sqlName) WHERE \(rowID) >= ? ORDER BY \(rowID) LIMIT 1"
        // From the lowest rowid on there is no doubling: the first rowid is usually 1.
        let start = last == .min ? 0 : last
        var step: Int64 = 1
        while step < 1 << 48 {
            let (from, isBeyond) = start.addingReportingOverflow(step)
            guard !isBeyond else { return nil }
            do {
                return try Int64.fetchOne(bad, sql: sql, arguments: [from])
            } catch {
                step *= 2
            }
        }
        return nil
    }

    /// Copies rows until the end or damage. Returns whether the new table refused any, and the last rowid, if
    /// it is the first column.
    @discardableResult
    private func copy(
        _ shape: TableShape,
        _ columns: [String],
        _ which: String,
        _ bounds: [Int64],
        _ bad: Database,
        _ new: Database
    ) -> (isComplete: Bool, wasRefused: Bool, last: Int64?) {
        let names = columns.list
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        var (wasRefused, last) = (false, Int64?.none)
        // A row takes at least one byte: pages that form a cycle have no end.
        var room = imageBytes
        do {
            let select = try bad.makeStatement(sql: "SELECT \(names) FROM \(shape.name.sqlName) \(which)")
            try select.setArguments(StatementArguments(bounds))
            let insert = try new.cachedStatement(
                sql: "INSERT OR IGNORE INTO \(shape.name.sqlName)(\(names)) VALUES(\(marks))"
            )
            let from = unsafe select.sqliteStatement
            defer { _ = unsafe sqlite3_reset(from) }
            while true {
                switch unsafe sqlite3_step(from) {
                case SQLITE_DONE: return (true, wasRefused, last)
                case SQLITE_ROW where room > 0: room -= 1
                default: return (false, wasRefused, last)
                }
                // A damaged value may violate a rule of the table.
                let isTaken = (try? insert.run(withRowOf: select)) != nil && new.changesCount > 0
                if !isTaken { wasRefused = true }
                last = unsafe sqlite3_column_int64(from, 0)
            }
        } catch {
            return (false, wasRefused, last)
        }
    }
}
