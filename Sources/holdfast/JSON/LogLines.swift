import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// `log` and `show`: a snapshot.
struct SnapshotLine: JSONLine {
    let sequence: SequenceNumber
    let time: Instant
    let path: String
    let kind: String
    let event: String
    let pages: UInt64
    let imageBytes: UInt64
    let storedBytes: UInt64
    let digest: String
    let health: String
    let unchecked: String?
    let tags: [String]
    /// How many transactions share the snapshot, if that is known.
    let coalesced: UInt64?
    let held: Bool?
    /// With `log --table`.
    let rowsAdded: Int?
    let rowsRemoved: Int?
}

extension SnapshotLine {
    init(_ snapshot: HistoryListing.Snapshot, _ tally: RowTally? = nil) {
        let record = snapshot.record
        sequence = record.state.sequence
        time = snapshot.time
        path = snapshot.path.string
        kind = snapshot.kind.name
        event = record.state.event.name
        pages = record.pageCount
        imageBytes = record.state.shape.byteCount
        storedBytes = record.storedBytes
        digest = record.state.digest.hexadecimal
        health = snapshot.isGood.map { $0 ? "good" : "bad" } ?? "unknown"
        unchecked = snapshot.unchecked
        tags = snapshot.tags
        coalesced = record.coalesced > 0 ? record.coalesced : nil
        held = snapshot.isHeld ? true : nil
        (rowsAdded, rowsRemoved) = (tally?.added, tally?.removed)
    }
}

/// `log --by`: the snapshots of a minute, an hour or a day.
struct SnapshotGroupLine: JSONLine {
    let from: Instant
    let to: Instant
    let snapshots: Int
    let pages: UInt64
    let storedBytes: UInt64
    let firstSequence: SequenceNumber
    let lastSequence: SequenceNumber
    let tags: [String]
    let gaps: Int
    /// With `--table`.
    let rowsAdded: Int?
    let rowsRemoved: Int?
}

extension SnapshotGroupLine {
    init(_ group: SnapshotGroup, isTallied: Bool) {
        (from, to) = (group.from, group.to)
        (snapshots, pages, storedBytes) = (group.snapshots, group.pages, group.storedBytes)
        (firstSequence, lastSequence) = (group.first, group.last)
        (tags, gaps) = (group.tags, group.gaps)
        (rowsAdded, rowsRemoved) = isTallied ? (group.rows.added, group.rows.removed) : (nil, nil)
    }
}

/// `log`: a time of which not every commit is a snapshot.
struct GapLine: JSONLine {
    let event = "gap"
    let from: Instant
    let to: Instant
    let reason: String
}

/// `log`: the clock was set.
struct ClockLine: JSONLine {
    let event = "clock"
    let from: Instant
    let to: Instant
}
