import LinuxSystem
import RepositoryFormat

/// `doctor`: a database.
struct DiagnosisLine: JSONLine {
    let path: String
    let sound: Bool
    var remarks: [String]?
    var findings: [String]?
}

/// `doctor`: a way out, best first.
struct RemedyLine: JSONLine {
    let path: String
    let choice: String
    let sequence: SequenceNumber?
    let time: Instant?
    let rank: Int
    let lostRows: OrNull<Int>
    let unknown: [String]
    let returningRows: Int
}

/// `drill`.
struct DrillLine: JSONLine {
    let time: Instant
    let path: String
    let sequence: SequenceNumber
    let passed: Bool
    let files: Int
    let databases: Int
    let bytes: UInt64
    let elapsedMs: Int64
    let problem: String?
    let unchecked: String?
}
