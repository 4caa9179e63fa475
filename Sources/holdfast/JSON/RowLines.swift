import LinuxSystem
import Recovery
import RepositoryFormat

/// `rows history`: a version of the row.
struct RowVersionLine: JSONLine {
    let sequence: SequenceNumber
    let time: Instant
    let path: String
    let table: String
    let change: String
    let row: SQLRow
    /// What the values that changed were before.
    let old: SQLRow
}

/// `find`: a row that is gone.
struct DeletedRowLine: JSONLine {
    let table: String
    let key: SQLRow
    let row: SQLRow
    let lastSequence: SequenceNumber
    let lastTime: Instant
    let path: String
}

/// `rows restore`: a row of a dry run, or one that was not restored or was removed.
struct RestoredRowLine: JSONLine {
    let path: String
    let table: String
    let key: SQLRow
    let state: String
    let action: String
    let reason: String?
    let inTheWay: [SQLRow]?
}

extension RestoredRowLine {
    init(_ row: RowChange, path: String, action: String) {
        self.path = path
        self.action = action
        (table, key, state) = (row.table, SQLRow(row.key), row.kind.rawValue)
        let isBlocked = row.kind == .blocked
        reason = isBlocked ? row.reason : nil
        inTheWay = isBlocked ? row.obstacles.map { SQLRow($0) } : nil
    }
}

/// `rows restore`: a table.
struct RestoredRowsLine: JSONLine {
    let sequence: SequenceNumber
    let time: Instant
    let path: String
    let table: String
    let dryRun: Bool
    let restored: Int
    let linked: Int
    let unchanged: Int
    let blocked: Int
    let removed: Int
    let overwritten: Int
    let conflicts: Int
    let notes: [String]
}
