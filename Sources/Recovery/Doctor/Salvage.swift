import CSQLite
import GRDB
import LinuxSystem
import SystemPackage

/// Makes a new database of what can still be read of a damaged image.
///
/// Each table is read along its key from both ends. Where SQLite meets damage, a table with rowids is left,
/// and entered again behind the damage. How many rowids are skipped is found by doubling. From there the
/// table is read back to the damage.
struct Salvage {
    /// What of the image is not in the new database.
    struct Loss {
        /// Tables of which some rows cannot be read.
        var unread: [String] = []
        /// What cannot be made here, as "index events_by_time".
        var unmade: [String] = []
    }

    private let image: FilePath
    private let imageBytes: UInt64

    init(_ image: FilePath) throws {
        self.image = image
        imageBytes = try FileStatus.of(image).sizeBytes
    }

    /// Returns nil, and has made nothing that is of use, when not even the schema can be read.
    func run(to path: FilePath) throws -> Loss? {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: path.string, configuration: configuration)
        do {
            // Two connections: what one meets in the damaged image must not end the transaction of the other.
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

    /// What cannot be made is left out, as an index over a value that is there twice. Returns what that is.
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

    /// The highest rowid that an AUTOINCREMENT table ever gave (sqlite.org/autoinc.html).
    private func keepSequences(_ bad: Database, _ new: Database) throws {
        let rows = (try? Row.fetchAll(bad, sql: "SELECT name, seq FROM sqlite_sequence")) ?? []
        for row in rows {
            let (name, last): (String, Int64) = (row[0], row[1])
            try new.execute(sql: "DELETE FROM sqlite_sequence WHERE name = ?", arguments: [name])
            try new.execute(sql: "INSERT INTO sqlite_sequence VALUES(?, ?)", arguments: [name, last])
        }
    }

    /// What is in them is in tables of theirs, which are there already: they only need their line in the
    /// schema (sqlite.org/vtab.html, section 1.2).
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

    /// Returns whether that was all of it.
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
            // Damaged pages may lead back.
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

    /// The first rowid behind the damage from which rows can be read; nil if there is none.
    private func reenter(
        _ shape: TableShape,
        _ rowID: String,
        after last: Int64,
        _ bad: Database
    ) -> Int64? {
        let sql =
            "SELECT \(rowID) FROM \(shape.name.sqlName) WHERE \(rowID) >= ? ORDER BY \(rowID) LIMIT 1"
        // From the lowest rowid on there is no doubling: the first rows are mostly those from 1 on.
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

    /// Copies rows until there are no more, or damage is met. Returns whether the new table refused any, and
    /// the last rowid, if it is the first column.
    @discardableResult
    private func copy(
        _ shape: TableShape,
        _ columns: [String],
        _ which: String,
        _ bounds: [Int64],
        _ bad: Database,
        _ new: Database
    ) -> (isComplete: Bool, wasRefused: Bool, last: Int64?) {
        let names = columns.map(\.sqlName).joined(separator: ", ")
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        var (wasRefused, last) = (false, Int64?.none)
        // A row takes a byte at least: pages that lead in circles have no end.
        var room = imageBytes
        do {
            let select = try bad.makeStatement(sql: "SELECT \(names) FROM \(shape.name.sqlName) \(which)")
            try select.setArguments(StatementArguments(bounds))
            let insert = try new.cachedStatement(
                sql: "INSERT OR IGNORE INTO \(shape.name.sqlName)(\(names)) VALUES(\(marks))"
            )
            let (from, to) = unsafe (select.sqliteStatement, insert.sqliteStatement)
            defer { _ = unsafe sqlite3_reset(from) }
            while true {
                switch unsafe sqlite3_step(from) {
                case SQLITE_DONE: return (true, wasRefused, last)
                case SQLITE_ROW where room > 0: room -= 1
                default: return (false, wasRefused, last)
                }
                // As they are: text may hold what no string can.
                for column in 0..<Int32(columns.count) {
                    unsafe sqlite3_bind_value(to, column + 1, sqlite3_column_value(from, column))
                }
                // A value that the damage made may break a rule of the table.
                let code = unsafe sqlite3_step(to)
                if code != SQLITE_DONE || new.changesCount == 0 { wasRefused = true }
                _ = unsafe sqlite3_reset(to)
                last = unsafe sqlite3_column_int64(from, 0)
            }
        } catch {
            return (false, wasRefused, last)
        }
    }
}
