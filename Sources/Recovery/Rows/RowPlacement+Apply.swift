import GRDB

extension RowPlacement {
    /// Applies the rows, as far as the tables allow it, and returns the result. Foreign keys and triggers
    /// must be off.
    ///
    /// Throws `RowError.refused` when an existing row with its former values would violate a rule of a table.
    /// Throws `.orphans` when rows would lack their parents and nothing else can be done.
    func apply(isOverwriting: Bool) throws -> RowOutcome {
        var outcome = RowOutcome(counts: try counts(), exceptions: [])
        let orphans = OrphanCheck(placement: self)
        let before = try orphans.all()
        try noteMissing()
        // Rows to overwrite may conflict with the missing ones.
        let kept = try isOverwriting ? set.tables.filter { try !overwrite($0) } : []
        // There are kept rows only if overwriting is requested.
        for (table, areKept) in kept.map({ ($0, true) }) + set.tables.map({ ($0, false) }) {
            outcome.exceptions += try RowWriter(placement: self, table: table, areKept: areKept)
                .run(isOverwriting: isOverwriting)
        }
        let blocked = try set.links.flatMap { try relink($0, &outcome, isOverwriting: isOverwriting) }
        for table in kept { try refuseUnlessBack(table) }
        let (removed, violations, former) = try orphans.removeNew(since: before)
        outcome.exceptions += removed
        guard removed.isEmpty || outcome.hasChanges(isOverwriting) else { throw RowError.orphans(violations) }
        outcome.countExceptions()
        outcome.add(blocked: set.blocked + blocked)
        for violation in former { outcome.note("\(violation), as then", of: violation.table) }
        return outcome
    }

    /// A temporary table of the missing wanted rows, by their place among the keys.
    static func missing(_ table: String) -> String { "temp." + ("holdfast missing " + table).sqlName }

    private func noteMissing() throws {
        for table in set.tables {
            try database.execute(
                sql: """
                    DROP TABLE IF EXISTS \(Self.missing(table));
                    CREATE TABLE \(Self.missing(table)) AS SELECT k.rowid AS id \(rows(table, .missing));
                    """
            )
        }
    }

    /// Updates the rows in place, so that no row that refers to them is removed. Returns false when their new
    /// values conflict with each other or with other rows. They were then removed, and are saved for
    /// reinsertion.
    private func overwrite(_ table: String) throws -> Bool {
        do {
            try database.inSavepoint {
                for columns in common(table).parts {
                    let differs = columns.differ(in: "o", and: "n")
                    try update(table, columns, from: RowSet.keys(table), where: differs)
                }
                return .commit
            }
            return true
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            try keep(table)
            return false
        }
    }

    /// The keys of overwritten rows, and the values that the former rows lack.
    static func kept(_ table: String) -> String { "temp." + ("holdfast kept " + table).sqlName }

    /// Columns of the current table that the former one lacks.
    func newColumns(_ table: String) -> [String] {
        shapes[named: table]!.columns.missing(in: set.shapes[named: table]!.columns)
    }

    private func keep(_ table: String) throws {
        let shape = shapes[named: table]!
        let hidden = shape.hasRowIDKey ? nil : shape.rowIDName.map { "n.\($0) AS \"holdfast rowid\"" }
        let keys = shape.key.map { "k.\($0.sqlName)" }
        let new = newColumns(table).missing(in: shape.key).map { "n.\($0.sqlName)" }
        let columns = ([hidden].compactMap(\.self) + keys + new).joined(separator: ", ")
        try database.execute(
            sql: """
                DROP TABLE IF EXISTS \(Self.kept(table));
                CREATE TABLE \(Self.kept(table)) AS SELECT \(columns) \(rows(table, .conflict));
                DELETE FROM main.\(table.sqlName) AS n
                WHERE EXISTS (SELECT 1 FROM \(Self.kept(table)) k WHERE \(shape.isSameRow("n", "k")));
                """
        )
    }

    /// Throws if a row would be lost because its former values violate a rule.
    private func refuseUnlessBack(_ table: String) throws {
        let shape = shapes[named: table]!
        let isBack = "EXISTS (SELECT 1 FROM main.\(table.sqlName) n WHERE \(shape.isSameRow("n", "k")))"
        if try database.has("FROM \(Self.kept(table)) k WHERE NOT \(isBack)") {
            throw RowError.refused("a row of \(table) cannot have its former values")
        }
    }

    /// Returns the children whose row is not there, because it was blocked. They are no longer counted.
    private func relink(
        _ link: RowSet.Link,
        _ outcome: inout RowOutcome,
        isOverwriting: Bool
    ) throws -> [RowChange] {
        let (child, parent) = (link.foreignKey.child, link.foreignKey.parent)
        let kinds: [RowChange.Kind] = isOverwriting ? [.unlinked, .relinked] : [.unlinked]
        let condition = kinds.map { "(\(self.condition(link, $0)))" }.joined(separator: " OR ")
        let columns = link.foreignKey.columns.common(with: shapes[named: child]!.columns)
        guard columns.count == link.foreignKey.columns.count else { return [] }
        try update(child, columns, from: link.keys, where: "(\(condition)) AND \(hasParent(link))")
        var blocked: [RowChange] = []
        for kind in kinds {
            let former = blocked.count
            try each(child, .blocked, rows(link, kind)) { row in
                var row = row
                row.reason = "its row in \(parent) is not there"
                blocked.append(row)
            }
            outcome.uncount(blocked.count - former, kind, of: child)
        }
        return blocked
    }

    /// The condition that the row is there to which a child `o` referred.
    private func hasParent(_ link: RowSet.Link) -> String {
        let foreignKey = link.foreignKey
        guard let parent = shapes[named: foreignKey.parent],
            foreignKey.parentColumns.missing(in: parent.allColumns).isEmpty
        else { return "1" }
        let refers = zip(foreignKey.parentColumns, foreignKey.columns)
            .map { "p.\($0.sqlName) = +o.\($1.sqlName)" }.allOf
        return "EXISTS (SELECT 1 FROM main.\(parent.name.sqlName) p WHERE \(refers))"
    }

    private func update(
        _ table: String,
        _ columns: [String],
        from keys: String,
        where condition: String
    ) throws {
        guard !columns.isEmpty else { return }
        let shape = shapes[named: table]!
        let former = "old.\(table.sqlName) o"
        // SQLite makes one result of all columns of a join, and limits their number.
        let isWide = set.shapes[named: table]!.columns.count + shape.key.count > ColumnLimit.ofSQLite
        let isWanted = "EXISTS (SELECT 1 FROM plan.\(keys) k WHERE \(shape.isSameRow("o", "k")))"
        let (source, isRow) =
            isWide
            ? (former, "\(isWanted) AND \(shape.isSameRow("n", "o"))")
            : ("plan.\(keys) k JOIN \(former) ON \(shape.isSameRow("o", "k"))", shape.isSameRow("n", "k"))
        try database.execute(
            sql: """
                UPDATE OR ABORT main.\(table.sqlName) AS n
                SET \(columns.map { "\($0.sqlName) = o.\($0.sqlName)" }.joined(separator: ", "))
                FROM \(source) WHERE \(isRow) AND (\(condition))
                """
        )
    }
}

extension RowOutcome {
    /// Whether any row is restored or overwritten, or any foreign key restored.
    fileprivate func hasChanges(_ isOverwriting: Bool) -> Bool {
        let blocked = exceptions.count { $0.kind == .blocked }
        let overwritten = isOverwriting ? counts.reduce(0) { $0 + $1[.conflict] + $1[.relinked] } : 0
        return counts.reduce(0) { $0 + $1[.missing] + $1[.unlinked] } - blocked + overwritten > 0
    }

    private func index(of table: String) -> Int? {
        counts.firstIndex { $0.table.isSameName(as: table) }
    }

    fileprivate mutating func uncount(_ count: Int, _ kind: RowChange.Kind, of table: String) {
        if let index = index(of: table) { counts[index].counts[kind, default: 0] -= count }
    }

    fileprivate mutating func note(_ text: String, of table: String) {
        if let index = index(of: table) { counts[index].notes.append(text) }
    }

    /// Adds blocked rows that are not among the counted ones.
    fileprivate mutating func add(blocked rows: [RowChange]) {
        exceptions += rows
        for row in rows {
            if index(of: row.table) == nil { counts.append(RowCounts(table: row.table)) }
            counts[index(of: row.table)!].counts[.blocked, default: 0] += 1
        }
    }

    fileprivate mutating func countExceptions() {
        for row in exceptions {
            guard let index = index(of: row.table) else { continue }
            counts[index].counts[row.kind, default: 0] += 1
            if row.kind == .blocked { counts[index].counts[.missing, default: 0] -= 1 }
        }
    }
}
