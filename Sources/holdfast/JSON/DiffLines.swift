import LinuxSystem
import Recovery
import RepositoryFormat

/// `diff`: the two moments.
struct DiffMomentsLine: JSONLine {
    let fromSequence: SequenceNumber
    let fromTime: Instant
    let toSequence: SequenceNumber
    let toTime: Instant
    let path: String
}

/// `diff`: a file that is no database.
struct DiffFileLine: JSONLine {
    let path: String
    let change: String
}

/// `diff`: how many rows of a table differ.
struct DiffTableLine: JSONLine {
    let path: String
    let table: String
    let added: Int
    let removed: Int
    let changed: Int
    let notes: [String]
}

/// `diff`: a definition in the schema.
struct DiffSchemaLine: JSONLine {
    let path: String
    let type: String
    let name: String
    let old: OrNull<String>
    let new: OrNull<String>
}

extension DiffSchemaLine {
    init(_ change: SchemaChange, path: String) {
        let fields = SchemaChangeFields(change)
        self.path = path
        (type, name, old, new) = (fields.type, fields.name, fields.old, fields.new)
    }
}

/// A definition in both images, whole; `null` in the one that lacks it.
struct SchemaChangeFields: Encodable {
    let type: String
    let name: String
    let old: OrNull<String>
    let new: OrNull<String>

    init(_ change: SchemaChange) {
        (type, name) = (change.type, change.name)
        (old, new) = (OrNull(change.old), OrNull(change.new))
    }
}

/// `diff`: a row.
struct DiffRowLine: JSONLine {
    let path: String
    let table: String
    let change: String
    let key: SQLRow
    let old: SQLRow
    let new: SQLRow
}

extension DiffRowLine {
    init(_ row: RowDiff, path: String) {
        self.path = path
        (table, change) = (row.table, row.kind.rawValue)
        (key, old, new) = (SQLRow(row.key), SQLRow(row.old), SQLRow(row.new))
    }
}
