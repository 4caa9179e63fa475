import CSQLite
import GRDB
import LinuxSystem
import SystemPackage

/// Applies salvaged rows to a healthy image. Rows that it lacks are added, rows that it has get their newer
/// values, and none is removed.
struct Merge {
    /// A healthy image.
    let base: FilePath
    let salvage: FilePath

    /// Makes the merged database at `path`, which must be free.
    func run(to path: FilePath) throws {
        try FileCopy.copy(base, to: path)
        // A copy in WAL mode would need sidecars.
        try OpenFile(path, .update).setFileFormat(isWAL: false)
        let queue = try DatabaseQueue(path: path.string, configuration: .withoutForeignKeys)
        try queue.writeWithoutTransaction { database in
            guard unsafe sqlite_disable_triggers(database.sqliteConnection) == SQLITE_OK else { return }
            try database.execute(sql: "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;")
            try database.execute(sql: "ATTACH ? AS new", arguments: [ImageURI(salvage).text])
            let base = try TableShape.all(of: "main", in: database)
            let new = try TableShape.all(of: "new", in: database)
            try database.inTransaction {
                for (name, shape) in base.sorted(by: { $0.key < $1.key }) {
                    guard let other = new[name], !shape.isVirtual, !other.isVirtual, !shape.key.isEmpty,
                        other.key.isSameNames(as: shape.key)
                    else { continue }
                    try merge(shape, other, database)
                }
                return .commit
            }
        }
    }

    private func merge(_ shape: TableShape, _ other: TableShape, _ database: Database) throws {
        let common = shape.columns.filter { other.columns.containsName($0) }
        let all = (shape.hasRowIDKey ? shape.key : []) + common
        let (names, table) = (all.list, shape.name.sqlName)
        let isRow = shape.isSameRow("b", "n")
        let values = common.filter { !shape.key.contains($0) }
        if !values.isEmpty {
            let sets = values.map { "\($0.sqlName) = n.\($0.sqlName)" }.joined(separator: ", ")
            let differs = values.differ(in: "n", and: "b")
            try database.execute(
                sql:
                    "UPDATE OR IGNORE main.\(table) AS b SET \(sets) FROM new.\(table) n WHERE \(isRow) AND (\(differs))"
            )
        }
        try database.execute(
            sql: "INSERT OR IGNORE INTO main.\(table)(\(names)) SELECT \(names) FROM new.\(table)"
        )
    }
}
