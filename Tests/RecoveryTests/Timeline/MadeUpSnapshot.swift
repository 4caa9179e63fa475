import LinuxSystem
import SQLiteFiles
import SystemPackage

@testable import History
@testable import RepositoryFormat
@testable import RepositoryReader

extension HistoryListing.Snapshot {
    /// A commit of three pages at so many seconds.
    static func madeUp(
        _ seconds: Int64,
        _ sequence: UInt64,
        coalesced: UInt64 = 0,
        tags: [String] = [],
        isGood: Bool? = nil
    ) -> HistoryListing.Snapshot {
        let state = SnapshotState(
            sequence: SequenceNumber(sequence),
            time: .unix(seconds),
            event: .commit,
            shape: .empty(.plain),
            digest: 0
        )
        let record = SnapshotRecord(
            file: FileID(1),
            state: state,
            pageCount: 3,
            coalesced: coalesced,
            storedBytes: 100,
            location: RecordLocation(segment: SequenceNumber(1), offset: 64),
            isConsistentPoint: true
        )
        return HistoryListing.Snapshot(
            record: record,
            time: state.time,
            path: "/data/a.db",
            name: "a.db",
            kind: .database,
            isGood: isGood,
            unchecked: nil,
            tags: tags,
            isHeld: false
        )
    }
}
