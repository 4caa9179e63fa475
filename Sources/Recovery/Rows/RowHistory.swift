import GRDB
import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
import SQLiteFiles

/// The versions of one row, from snapshot to snapshot.
///
/// All snapshots are applied to one image, of which SQLite reads only what it needs. It does so if a page
/// changed on which the row depends:
/// 1. The path to it in its table's b-tree, with its overflow pages.
/// 2. All pages of the table and its key's index, while the row is missing or the table has no rowids.
///
/// SQLite also reads it in these cases:
/// 1. The schema's version changed (sqlite.org/fileformat2.html, section 1.3.9).
/// 2. The snapshot is not a single transaction.
package final class RowHistory {
    package struct Version: Sendable {
        package enum Kind: String, Sendable {
            /// It existed when the history began.
            case present
            case inserted
            case changed
            case deleted
        }

        package let state: SnapshotState
        package let kind: Kind
        /// The row; for a deletion, the row before it.
        package let row: [RowDiff.Value]
        /// For a change, the former values of the changed columns.
        package let former: [RowDiff.Value]
    }

    private let root: RootDescription
    private let file: FileID
    private let table: String
    private let key: [String]
    private let images: HistoricalImages
    private var watched = PageBitmap()
    private var row: [RowDiff.Value]?
    private var isFirst = true
    private var hadTable = false
    private var keyColumns: RowKeyColumns
    private var wasView = false
    /// The table that was probably meant, if there is none of that name.
    private var similar: String?
    /// It changes whenever a table gets another root page or other columns.
    private var cookie: UInt32?
    /// The number of snapshots that SQLite has read.
    package private(set) var examinedCount = 0

    /// - Parameter key: the value of each column of the primary key, or the rowid, as people write them.
    package init(_ root: RootDescription, _ file: FileID, table: String, key: [String]) throws {
        self.root = root
        self.file = file
        self.table = table
        self.key = key
        keyColumns = RowKeyColumns(count: key.count)
        images = try HistoricalImages(root)
    }

    /// Calls `onVersion` for each version, oldest first. Throws `RowError` when no snapshot had such a table,
    /// what a rebuild throws, and what `onVersion` throws.
    package func run(_ onVersion: (Version) throws -> Void) throws {
        var isFound = false
        let note = { (version: Version) in
            isFound = true
            try onVersion(version)
        }
        try replay(note)
        // The table may have been made anew with another key.
        if !isFound, keyColumns.useLast() {
            (isFirst, watched) = (true, PageBitmap())
            try replay(note)
        }
        if !hadTable {
            throw wasView ? RowError.isView(table) : RowError.noTable(table, at: .none, similar: similar)
        }
        if keyColumns.found == nil, let other = keyColumns.other {
            throw RowError.wrongKeyCount(table, columns: other, given: key.count)
        }
    }

    private func replay(_ onVersion: (Version) throws -> Void) throws {
        try images.explaining {
            try HistoryReplay(root).run(file, in: images.directory) { step in
                guard try mayDiffer(step) else { return }
                examinedCount += 1
                let image = try step.image()
                let header = try DatabaseHeader(of: image)
                let found = try currentRow(of: image, header)
                cookie = header?.schemaCookie
                if let version = version(step.state, found) { try onVersion(version) }
                row = found
                isFirst = false
            }
        }
    }

    private func mayDiffer(_ step: HistoryReplay.Step) throws -> Bool {
        guard let pages = step.pages, step.state.event == .commit, !pages.intersects(watched) else {
            return true
        }
        guard pages.contains(PageNumber(1)) else { return false }
        return try DatabaseHeader(of: step.image())?.schemaCookie != cookie
    }

    private func version(_ state: SnapshotState, _ found: [RowDiff.Value]?) -> Version? {
        switch (row, found) {
        case (nil, nil): return nil
        case (nil, let found?):
            return Version(state: state, kind: isFirst ? .present : .inserted, row: found, former: [])
        case (let row?, nil): return Version(state: state, kind: .deleted, row: row, former: [])
        case (let row?, let found?):
            // An added or removed column is not a change of the row.
            let former = row.changed(from: found)
            return former.isEmpty ? nil : Version(state: state, kind: .changed, row: found, former: former)
        }
    }

    /// The row in the image. Also sets the pages on which it depends.
    private func currentRow(of image: PastImage, _ header: DatabaseHeader?) throws -> [RowDiff.Value]? {
        guard let header else {
            // Empty, deleted, or not a database: any database that follows begins with the first page.
            watched = PageBitmap()
            watched.insert(PageNumber(1))
            return nil
        }
        let uri = try images.readable(image, named: "history")
        do {
            return try images.explaining {
                try ImageDatabase(uri).read { try currentRow(in: $0, image, header) }
            }
        } catch let error as DatabaseError where error.isDamage {
            watched = .everyPage(of: image, header)
            return row
        }
    }

    private func currentRow(
        in database: Database,
        _ image: PastImage,
        _ header: DatabaseHeader
    ) throws -> [RowDiff.Value]? {
        let shapes = try TableShape.all(of: "main", in: database)
        watched = PageBitmap()
        guard let shape = shapes[named: table] else {
            wasView = try wasView || database.views().containsName(table)
            similar = shapes.keys.map(\.text).nearest(to: table)
            return nil
        }
        hadTable = true
        guard !shape.isVirtual else { throw RowError.isVirtual(table) }
        guard !shape.key.isEmpty else { throw RowError.noKey(table) }
        guard let wanted = keyColumns.of(shape) else {
            watched.insert(PageNumber(1))
            return nil
        }
        let isKey = wanted.isSameNames(as: shape.key)
        let rowIDName = shape.rowIDName
        let columns = shape.columns + [rowIDName].compactMap(\.self)
        let unknown = database.unknownCollations(of: [shape])
        try database.addStandIns(for: unknown)
        let condition = wanted.enumerated().map { index, column in
            // Without the collation SQLite cannot compare, and reads all rows.
            let isUnknown =
                isKey && index < shape.collations.count && unknown.contains(shape.collations[index])
            return "\(column.sqlName)\(isUnknown ? " COLLATE BINARY" : "") = ?"
        }
        let rows = "FROM \(shape.name.sqlName) WHERE \(condition.allOf)"
        for values in RowKeyText.candidates(key) {
            guard let values = try database.firstRow(columns, rows, arguments: StatementArguments(values))
            else { continue }
            try watchRow(shape, rowIDName == nil ? nil : values.last, database, image, header)
            return shape.columns.with(values)
        }
        // The place where it would be inserted.
        let rowID =
            isKey && (shape.isRowIDAlias || shape.hasRowIDKey) ? Int64(key[0]).map(SQLValue.integer) : nil
        try watchRow(shape, rowID, database, image, header)
        return nil
    }

    private func watchRow(
        _ shape: TableShape,
        _ rowID: SQLValue?,
        _ database: Database,
        _ image: PastImage,
        _ header: DatabaseHeader
    ) throws {
        if case .integer(let rowID) = rowID, let root = try database.rootPage(of: shape.name) {
            var page = [UInt8](repeating: 0, count: header.pageSize.bytes)
            let way = try TableSearch.pages(
                to: rowID,
                root: root,
                usableBytes: header.usablePageBytes
            ) { number throws in
                let place = number.byteOffset(pageSize: header.pageSize)
                _ = try image.read(into: &page, count: page.count, at: place)
                return page
            }
            if let way { return watched.formUnion(way) }
        }
        let indexes = try String.fetchAll(
            database,
            sql: "SELECT name FROM pragma_index_list(?) WHERE origin = 'pk'",
            arguments: [shape.name]
        )
        for name in [shape.name] + indexes { try watched.insert(treeNamed: name, in: database) }
    }
}

/// The columns by which a row is found.
private struct RowKeyColumns {
    /// How many values were given.
    let count: Int
    /// The first key with that many columns. The row is found by these columns from then on.
    private(set) var found: [String]?
    /// The last such key.
    private var last: [String]?
    private var isLast = false
    /// A key with another number of columns.
    private(set) var other: [String]?

    init(count: Int) { self.count = count }

    /// Those of the first suitable key, as long as the table has them.
    mutating func of(_ shape: TableShape) -> [String]? {
        let all = shape.allColumns + [shape.rowIDName].compactMap(\.self)
        if shape.key.count == count { last = shape.key } else { other = shape.key }
        if let found, found.missing(in: all).isEmpty { return found }
        guard !isLast, shape.key.count == count else { return nil }
        found = shape.key
        return found
    }

    /// From here on, the columns are those of the last key. Returns false if they were before.
    mutating func useLast() -> Bool {
        guard let last, !last.isSameNames(as: found ?? []) else { return false }
        (found, isLast) = (last, true)
        return true
    }
}
