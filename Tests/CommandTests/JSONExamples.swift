import LinuxSystem
import RepositoryFormat

@testable import Recovery
@testable import Service
@testable import holdfast

/// An object of each kind that commands print, with all its fields, by its heading in `docs/JSON.md`.
enum JSONExamples {
    private static let now = Instant.now
    private static let row = SQLRow(["id"], [.integer(1)])

    static var all: [(heading: String, object: any JSONLine)] {
        ofAnyCommand + configuration + support + others
    }

    private static var others: [(heading: String, object: any JSONLine)] {
        [
            ("watch: ready", ReadyLine(root: "text", files: 1, databases: 1)),
            ("watch --ensure: root", EnsuredLine(root: "text", action: "text", pid: OrNull(1))),
            (
                "sync, snapshot, tag, hold, release: snapshot",
                SnapshotNameLine(
                    sequence: SequenceNumber(1),
                    time: now,
                    path: "text",
                    tag: "text",
                    held: true
                )
            ),
            ("tag: deleted", DeletedTagLine(tag: "text", sequence: SequenceNumber(1))),
            (
                "diff: moments",
                DiffMomentsLine(
                    fromSequence: SequenceNumber(1),
                    fromTime: now,
                    toSequence: SequenceNumber(1),
                    toTime: now,
                    path: "text"
                )
            ),
            ("diff: file", DiffFileLine(path: "text", change: "text")),
            (
                "diff: table",
                DiffTableLine(path: "text", table: "text", added: 1, removed: 1, changed: 1, notes: ["text"])
            ),
            (
                "diff: definition",
                DiffSchemaLine(
                    path: "text",
                    type: "text",
                    name: "text",
                    old: OrNull("text"),
                    new: OrNull("text")
                )
            ),
            (
                "diff: row",
                DiffRowLine(path: "text", table: "text", change: "text", key: row, old: row, new: row)
            ),
            (
                "doctor: database",
                DiagnosisLine(path: "text", sound: true, remarks: ["text"], findings: ["text"])
            ),
            (
                "doctor: choice",
                RemedyLine(
                    path: "text",
                    choice: "text",
                    sequence: SequenceNumber(1),
                    time: now,
                    rank: 1,
                    lostRows: OrNull(1),
                    unknown: ["text"],
                    returningRows: 1
                )
            ),
            (
                "drill: result",
                DrillLine(
                    time: now,
                    path: "text",
                    sequence: SequenceNumber(1),
                    passed: true,
                    files: 1,
                    databases: 1,
                    bytes: 1,
                    elapsedMs: 1,
                    problem: "text",
                    unchecked: "text"
                )
            ),
            (
                "log, show: snapshot",
                SnapshotLine(
                    sequence: SequenceNumber(1),
                    time: now,
                    path: "text",
                    kind: "text",
                    event: "text",
                    pages: 1,
                    imageBytes: 1,
                    storedBytes: 1,
                    digest: "text",
                    health: "text",
                    unchecked: "text",
                    tags: ["text"],
                    coalesced: 1,
                    held: true,
                    rowsAdded: 1,
                    rowsRemoved: 1
                )
            ),
            (
                "log --by: group",
                SnapshotGroupLine(
                    from: now,
                    to: now,
                    snapshots: 1,
                    pages: 1,
                    storedBytes: 1,
                    firstSequence: SequenceNumber(1),
                    lastSequence: SequenceNumber(1),
                    tags: ["text"],
                    gaps: 1,
                    rowsAdded: 1,
                    rowsRemoved: 1
                )
            ),
            ("log: gap", GapLine(from: now, to: now, reason: "text")),
            ("log: clock", ClockLine(from: now, to: now)),
            (
                "check: finding",
                FindingLine(severity: "text", file: "text", offset: 1, message: "text", incomplete: true)
            ),
            ("check: summary", CheckLine(errors: 1, snapshots: 1, bytesRead: 1)),
            ("repair: file", RepairedFileLine(file: "text", offset: 1, action: "text", message: "text")),
            (
                "repair: summary",
                RepairLine(
                    root: "text",
                    repaired: true,
                    items: 1,
                    snapshotsKept: 1,
                    snapshotsSetAside: 1,
                    lastKept: SequenceNumber(1)
                )
            ),
            (
                "forget: snapshot",
                RetainedSnapshotLine(
                    sequence: SequenceNumber(1),
                    time: now,
                    path: "text",
                    action: "text",
                    reasons: ["text"],
                    storedBytes: 1
                )
            ),
            ("forget: file", RetainedFileLine(path: "text", kept: 1, removed: 1, freedBytes: 1)),
            (
                "forget: summary",
                RetentionLine(
                    root: "text",
                    dryRun: true,
                    kept: 1,
                    removed: 1,
                    freedBytes: 1,
                    repositoryBytes: 1,
                    maximumBytes: 1,
                    estimatedBytes: 1,
                    leastBytes: 1,
                    fits: true
                )
            ),
            (
                "restore: file",
                RestoredFileLine(
                    sequence: SequenceNumber(1),
                    time: now,
                    path: "text",
                    output: "text",
                    imageBytes: 1,
                    digest: "text",
                    integrity: "text",
                    elapsedMs: 1
                )
            ),
            (
                "restore: directory",
                RestoredDirectoryLine(
                    sequence: SequenceNumber(1),
                    time: now,
                    path: "text",
                    output: "text",
                    imageBytes: 1,
                    files: 1,
                    failed: 1,
                    elapsedMs: 1
                )
            ),
            (
                "restore --in-place, undo: file",
                InPlaceFileLine(
                    sequence: SequenceNumber(1),
                    time: now,
                    path: "text",
                    output: "text",
                    dryRun: true,
                    way: "text",
                    safetySequence: SequenceNumber(1),
                    imageBytes: 1,
                    digest: "text",
                    integrity: "text",
                    foreignKeyViolations: 1,
                    schemaVersion: "text",
                    schemaVersionBefore: "text",
                    aside: ["text"],
                    tables: [RestoredTable(TableDiff(table: "t"))],
                    schema: [],
                    elapsedMs: 1
                )
            ),
            (
                "restore --in-place, undo: directory",
                InPlaceDirectoryLine(
                    sequence: SequenceNumber(1),
                    path: "text",
                    dryRun: true,
                    files: 1,
                    unchanged: 1,
                    failed: 1,
                    leftAlone: ["text"],
                    elapsedMs: 1
                )
            ),
            (
                "export: file",
                ExportLine(
                    sequence: SequenceNumber(1),
                    time: now,
                    path: "text",
                    output: "text",
                    format: "text"
                )
            ),
            (
                "recoveries: entry",
                RecoveryLine(
                    time: now,
                    action: "text",
                    path: "text",
                    sequence: SequenceNumber(1),
                    resultSequence: SequenceNumber(1),
                    safetySequence: SequenceNumber(1),
                    paths: ["text"],
                    tables: [],
                    elapsedMs: 1,
                    reason: "text"
                )
            ),
            (
                "rows history: version",
                RowVersionLine(
                    sequence: SequenceNumber(1),
                    time: now,
                    path: "text",
                    table: "text",
                    change: "text",
                    row: row,
                    old: row
                )
            ),
            (
                "find: row",
                DeletedRowLine(
                    table: "text",
                    key: row,
                    row: row,
                    lastSequence: SequenceNumber(1),
                    lastTime: now,
                    path: "text"
                )
            ),
            (
                "rows restore: row",
                RestoredRowLine(
                    path: "text",
                    table: "text",
                    key: row,
                    state: "text",
                    action: "text",
                    reason: "text",
                    inTheWay: [row]
                )
            ),
            (
                "rows restore: table",
                RestoredRowsLine(
                    sequence: SequenceNumber(1),
                    time: now,
                    path: "text",
                    table: "text",
                    dryRun: true,
                    restored: 1,
                    linked: 1,
                    unchanged: 1,
                    blocked: 1,
                    removed: 1,
                    overwritten: 1,
                    conflicts: 1,
                    notes: ["text"]
                )
            ),
            (
                "stats: root",
                StatsLine(
                    root: "text",
                    summary: true,
                    roots: 1,
                    files: 1,
                    databases: 1,
                    snapshots: 1,
                    imageBytes: 1,
                    repositoryBytes: 1,
                    segmentBytes: 1,
                    baseBytes: 1,
                    mirrorBytes: 1,
                    otherBytes: 1,
                    apparentBytes: 1,
                    segmentDiskBytes: 1,
                    baseDiskBytes: 1,
                    mirrorDiskBytes: 1,
                    otherDiskBytes: 1,
                    storedBytesMedian: 1,
                    storedBytesMean: 1,
                    lastHourSnapshots: 1,
                    lastHourBytes: 1,
                    lastDaySnapshots: 1,
                    lastDayBytes: 1,
                    wholeImageBytes: 1,
                    changedPageBytes: 1,
                    wholeImageRatio: 1.5,
                    changedPageRatio: 1.5,
                    firstTime: now,
                    lastTime: now,
                    bytesPerDay: 1,
                    restoreSequence: SequenceNumber(1),
                    restoreReadBytes: 1,
                    restorePageBytes: 1,
                    restoreImageBytes: 1,
                    restoreMs: 1,
                    worstRestoreSequence: SequenceNumber(1),
                    worstRestoreReadBytes: 1,
                    worstRestorePageBytes: 1,
                    worstRestoreImageBytes: 1,
                    worstRestoreMs: 1
                )
            ),
            (
                "status: root",
                StatusLine(
                    root: "text",
                    state: "text",
                    reason: "text",
                    reasons: ["text"],
                    pid: 1,
                    leftOut: [.init(reason: "text", count: 1, examples: [])],
                    hindered: .init(count: 1, reasons: []),
                    underWay: [.init(path: "/a", what: "audit", bytes: 1, bytesTotal: 2)],
                    files: 1,
                    databases: 1,
                    sequence: SequenceNumber(1),
                    lastTime: now,
                    durableUntil: now,
                    lastGood: OrNull(SequenceNumber(1)),
                    lastDrill: OrNull(.init(time: now, ok: true)),
                    started: now,
                    lagMs: 1,
                    commits: 1,
                    coalesced: 1,
                    gaps: 1,
                    rescans: 1,
                    audits: 1,
                    auditDifferences: 1,
                    quarantines: 1,
                    health: "text",
                    repositoryBytes: 1,
                    apparentBytes: 1,
                    diskFreeBytes: OrNull(1),
                    fullInSeconds: OrNull(1),
                    remotes: [remote],
                    alerts: [alert],
                    undeliveredAlerts: 1
                )
            ),
        ]
    }
}
