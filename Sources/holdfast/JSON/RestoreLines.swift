import History
import LinuxSystem
import Recovery
import RepositoryFormat

/// `restore --output`: a file.
struct RestoredFileLine: JSONLine {
    let sequence: SequenceNumber
    let time: Instant
    let path: String
    let output: String
    let imageBytes: UInt64
    let digest: String
    let integrity: String
    let elapsedMs: Int64
}

/// `restore --output` of a directory: the last line.
struct RestoredDirectoryLine: JSONLine {
    let summary = true
    let sequence: SequenceNumber
    let time: Instant
    let path: String
    let output: String
    let imageBytes: UInt64
    let files: Int
    let failed: Int
    let elapsedMs: Int64
}

/// `restore --in-place` and `undo`: a file.
struct InPlaceFileLine: JSONLine {
    let sequence: SequenceNumber?
    let time: Instant?
    let path: String
    let output: String
    let inPlace = true
    let dryRun: Bool
    let way: String
    let safetySequence: SequenceNumber
    let imageBytes: UInt64?
    let digest: String?
    let integrity: String?
    let foreignKeyViolations: Int?
    let schemaVersion: String?
    let schemaVersionBefore: String?
    let aside: [String]
    let tables: [RestoredTable]
    let schema: [SchemaChangeFields]
    let elapsedMs: Int64
}

/// What a restore does to the rows of a table.
struct RestoredTable: Encodable {
    let table: String
    let lost: Int
    let regained: Int
    let changed: Int
    let notes: [String]

    /// What is only in the older image is lost.
    init(_ diff: TableDiff) {
        (table, lost, regained, changed) = (diff.table, diff.removed, diff.added, diff.changed)
        notes = diff.notes
    }
}

/// `restore --in-place` and `undo` of several files: the last line.
struct InPlaceDirectoryLine: JSONLine {
    let summary = true
    let sequence: SequenceNumber
    let path: String
    let inPlace = true
    let dryRun: Bool
    let files: Int
    let unchanged: Int
    let failed: Int
    let leftAlone: [String]
    let elapsedMs: Int64
}

/// `export`.
struct ExportLine: JSONLine {
    let sequence: SequenceNumber
    let time: Instant
    let path: String
    let output: String
    let format: String
}

/// `recoveries`: an entry of the recovery log.
struct RecoveryLine: JSONLine {
    let time: Instant
    let action: String
    let path: String
    let sequence: SequenceNumber
    let resultSequence: SequenceNumber
    let safetySequence: SequenceNumber
    let paths: [String]
    let tables: [RecoveryEntry.Table]
    let elapsedMs: Int64
    let reason: String
}
