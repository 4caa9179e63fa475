import GRDB
import SystemPackage

/// Writes the rows of a set into the database `main` of a connection, with the former image attached as `old`
/// and the set as `plan`. Columns are matched by name. A new column keeps its default, and a removed one is
/// omitted.
struct RowPlacement {
    let set: RowSet
    let database: Database
    let shapes: [SQLName: TableShape]

    /// Attaches both. Not in a transaction. Throws `RowError.otherTable` when the current tables cannot take
    /// the rows.
    init(_ set: RowSet, of image: ImageURI, _ database: Database) throws {
        self.database = database
        try set.attach(to: database, image)
        shapes = try TableShape.all(of: "main", in: database)
        var set = set
        try set.addDeletedLinks(shapes, database)
        try set.removeAltered(database)
        self.set = set
        for table in tables {
            guard let shape = shapes[named: table], !shape.isVirtual,
                shape.key.isSameNames(as: set.shapes[named: table]!.key)
            else {
                throw RowError.otherTable(table, set.former)
            }
        }
    }

    /// All tables with rows that may change.
    var tables: [String] {
        self.set.tables + self.set.links.map(\.foreignKey.child).missing(in: self.set.tables)
    }

    /// The necessary changes, table by table: parents before children.
    func counts() throws -> [RowCounts] {
        var all: [RowCounts] = []
        for table in set.tables {
            var counts = RowCounts(table: table)
            for kind in [RowChange.Kind.missing, .same, .conflict] {
                counts.counts[kind] = try count(rows(table, kind))
            }
            counts.notes = notes(table)
            all.append(counts)
        }
        for link in set.links {
            let table = link.foreignKey.child
            let index = all.firstIndex { $0.table.isSameName(as: table) } ?? all.count
            if index == all.count { all.append(RowCounts(table: table)) }
            for kind in [RowChange.Kind.unlinked, .relinked] {
                all[index].counts[kind, default: 0] += try count(rows(link, kind))
            }
        }
        return all
    }

    func each(_ body: (RowChange) throws -> Void) throws {
        for table in set.tables {
            for kind in [RowChange.Kind.missing, .conflict, .same] {
                try each(table, kind, rows(table, kind), body)
            }
        }
        for link in set.links {
            for kind in [RowChange.Kind.unlinked, .relinked] {
                try each(link.foreignKey.child, kind, rows(link, kind), body)
            }
        }
    }
}

extension RowPlacement {
    private func count(_ rows: String) throws -> Int {
        try Int.fetchOne(database, sql: "SELECT count(*) \(rows)") ?? 0
    }

    func each(
        _ table: String,
        _ kind: RowChange.Kind,
        _ rows: String,
        _ body: (RowChange) throws -> Void
    ) throws {
        let key = shapes[named: table]!.key
        let columns = key.list(of: "k")
        try database.eachRow("SELECT \(columns) \(rows) ORDER BY \(columns)") { values in
            try body(RowChange(table: table, kind: kind, key: key.with(values)))
        }
    }

    /// The keys `k` of wanted rows in that state.
    func rows(_ table: String, _ kind: RowChange.Kind) -> String {
        let shape = shapes[named: table]!
        let keys = "FROM plan.\(RowSet.keys(table)) k"
        let present = "main.\(table.sqlName) n"
        if kind == .missing {
            return
                "\(keys) WHERE NOT EXISTS (SELECT 1 FROM \(present) WHERE \(shape.isSameRow("n", "k")))"
        }
        let differs = common(table).differ(in: "o", and: "n")
        return """
            \(keys) JOIN \(present) ON \(shape.isSameRow("n", "k"))
            JOIN old.\(table.sqlName) o ON \(shape.isSameRow("o", "k")) WHERE \(kind == .same ? "NOT " : "")(\(differs))
            """
    }

    /// The keys `k` of children that lost their parent, or have another one. None if the foreign key no
    /// longer exists.
    func rows(_ link: RowSet.Link, _ kind: RowChange.Kind) -> String {
        let table = link.foreignKey.child
        let shape = shapes[named: table]!
        return """
            FROM plan.\(link.keys) k JOIN main.\(table.sqlName) n ON \(shape.isSameRow("n", "k"))
            JOIN old.\(table.sqlName) o ON \(shape.isSameRow("o", "k")) WHERE \(condition(link, kind))
            """
    }

    func condition(_ link: RowSet.Link, _ kind: RowChange.Kind) -> String {
        let columns = link.foreignKey.columns
        guard columns.missing(in: shapes[named: link.foreignKey.child]!.columns).isEmpty else { return "0" }
        let isNull = columns.map { "n.\($0.sqlName) IS NULL" }.allOf
        let isOther = columns.map { "n.\($0.sqlName) IS NOT o.\($0.sqlName)" }.anyOf
        return kind == .unlinked ? isNull : "NOT (\(isNull)) AND (\(isOther))"
    }

    /// The columns that both schemas have.
    func common(_ table: String) -> [String] {
        set.shapes[named: table]!.columns.common(with: shapes[named: table]!.columns)
    }

    private func notes(_ table: String) -> [String] {
        let (old, new) = (set.shapes[named: table]!.columns, shapes[named: table]!.columns)
        return old.missing(in: new).map { "column \($0) is gone, and left out" }
            + new.missing(in: old).map { "column \($0) is new, and gets its default" }
    }
}
