import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// `check`: a finding.
struct FindingLine: JSONLine {
    let severity: String
    let file: String
    let offset: UInt64
    let message: String
    let incomplete: Bool?
}

extension FindingLine {
    init(_ finding: Finding) {
        severity = finding.severity.rawValue
        file = finding.file.string
        offset = finding.offset
        message = finding.message
        incomplete = finding.isIncompleteness ? true : nil
    }
}

/// `check`: the last line.
struct CheckLine: JSONLine {
    let summary = true
    let errors: Int
    let snapshots: UInt64
    let bytesRead: UInt64
}

/// `repair`: what becomes of a file of the repository.
struct RepairedFileLine: JSONLine {
    let file: String
    let offset: UInt64
    let action: String
    var message: String?
}

/// `repair`: the last line of a root.
struct RepairLine: JSONLine {
    let summary = true
    let root: String
    let repaired: Bool
    let items: Int
    let snapshotsKept: UInt64
    let snapshotsSetAside: UInt64
    let lastKept: SequenceNumber
}

/// `forget`: a snapshot.
struct RetainedSnapshotLine: JSONLine {
    let sequence: SequenceNumber
    let time: Instant
    let path: String
    let action: String
    let reasons: [String]
    let storedBytes: UInt64
}

/// `forget`: a file.
struct RetainedFileLine: JSONLine {
    let path: String
    let kept: Int
    let removed: Int
    let freedBytes: UInt64
}

/// `forget`: the last line of a root. Sizes that a limit asks for are there when one was given.
struct RetentionLine: JSONLine {
    let summary = true
    let root: String
    let dryRun: Bool
    let kept: Int
    let removed: Int
    let freedBytes: UInt64
    let repositoryBytes: UInt64
    let maximumBytes: UInt64?
    let estimatedBytes: UInt64?
    let leastBytes: UInt64?
    let fits: Bool?
}
