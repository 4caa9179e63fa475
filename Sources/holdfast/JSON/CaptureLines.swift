import LinuxSystem
import RepositoryFormat

/// `watch`: all that a root has is captured.
struct ReadyLine: JSONLine {
    let event = "ready"
    let root: String
    let files: Int
    let databases: Int
}

/// `watch --ensure`: who watches a root.
struct EnsuredLine: JSONLine {
    let root: String
    let action: String
    let pid: OrNull<Int32>
}

/// `sync`, `snapshot`, `tag`, `hold` and `release`: a snapshot, and what was set on it.
struct SnapshotNameLine: JSONLine {
    let sequence: SequenceNumber
    let time: Instant
    let path: String
    var tag: String?
    var held: Bool?
}

/// `tag --delete`.
struct DeletedTagLine: JSONLine {
    let tag: String
    let deleted = true
    let sequence: SequenceNumber
}

/// `guard`: what is before and after the command.
struct GuardLine: JSONLine {
    let sequence: SequenceNumber
    let time: Instant
    let path: String
    let tag: String
    let afterSequence: SequenceNumber
    let status: Int32
    let elapsedMs: Int64
}

/// `demo`: what the restored database holds.
struct DemoLine: JSONLine {
    let sessions: Int
    let events: Int
}
