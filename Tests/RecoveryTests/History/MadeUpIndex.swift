import SQLiteFiles
import SystemPackage

@testable import History
@testable import RepositoryFormat
@testable import RepositoryReader

/// Histories that were never written anywhere, for what decides without reading.
extension SnapshotIndex {
    static func madeUp(_ events: [HistoryEvent], kind: RootKind = .directory) -> SnapshotIndex {
        let root = RootDescription(
            id: RootID(1),
            path: "/data",
            kind: kind,
            created: .unix(0),
            directory: "/repository/roots/1"
        )
        var index = SnapshotIndex(root: root)
        for event in events { index.add(event) }
        index.complete()
        return index
    }
}

extension HistoryEvent {
    static func named(_ file: UInt32, _ name: String, _ kind: FileKind = .database) -> HistoryEvent {
        .file(FileID(file), name: FilePath(name), kind: kind)
    }

    /// A snapshot at so many seconds.
    static func at(
        _ seconds: Int64,
        _ sequence: UInt64,
        of file: UInt32 = 1,
        _ event: SnapshotEvent = .commit,
        isMoment: Bool = true
    ) -> HistoryEvent {
        let state = SnapshotState(
            sequence: SequenceNumber(sequence),
            time: .unix(seconds),
            event: event,
            shape: .empty(.plain),
            digest: 0
        )
        return .snapshot(
            SnapshotRecord(
                file: FileID(file),
                state: state,
                pageCount: 1,
                coalesced: 0,
                storedBytes: 1,
                location: RecordLocation(segment: SequenceNumber(1), offset: 64),
                isConsistentPoint: isMoment
            )
        )
    }

    static func tag(_ name: String, _ sequence: UInt64) -> HistoryEvent {
        .annotation(
            Annotation(.tag, target: SequenceNumber(sequence), fields: ["name": name], time: .unix(0))
        )
    }

    /// A tag that nobody chose, set at so many seconds.
    static func automaticTag(_ name: String, _ sequence: UInt64, at seconds: Int64) -> HistoryEvent {
        let wish = AnnotationRequest.tag(name, at: SequenceNumber(sequence), isAutomatic: true)
        return .annotation(wish.annotation(newest: .none, time: .unix(seconds)))
    }

    static func tagRemoval(_ name: String) -> HistoryEvent {
        .annotation(AnnotationRequest.tagRemoval(name).annotation(newest: SequenceNumber(99), time: .unix(0)))
    }

    static func verdict(_ verdict: String, _ sequence: UInt64) -> HistoryEvent {
        .annotation(
            Annotation(
                .health,
                target: SequenceNumber(sequence),
                fields: ["verdict": verdict],
                time: .unix(0)
            )
        )
    }

    static func hold(_ sequence: UInt64) -> HistoryEvent {
        .annotation(Annotation(.hold, target: SequenceNumber(sequence), fields: [:], time: .unix(0)))
    }

    static func release(_ sequence: UInt64) -> HistoryEvent {
        .annotation(Annotation(.release, target: SequenceNumber(sequence), fields: [:], time: .unix(0)))
    }

    static let damage = HistoryEvent.finding(
        Finding(.error, "/repository/segment", at: 99, "3 bytes are damaged")
    )
}
