package import LinuxSystem
package import RepositoryFormat
import RepositoryReader

/// Consecutive snapshots in the same unit of local time.
package struct SnapshotGroup: Hashable, Sendable {
    /// The time of the first snapshot.
    package let from: Instant
    /// The time of the last one.
    package private(set) var to: Instant
    package let first: SequenceNumber
    package private(set) var last: SequenceNumber
    package private(set) var snapshots = 0
    package private(set) var pages: UInt64 = 0
    package private(set) var storedBytes: UInt64 = 0
    /// In the order of the snapshots.
    package private(set) var tags: [String] = []
    package private(set) var gaps: Int
    /// Snapshots that were found bad.
    package private(set) var bad = 0
    package private(set) var rows = RowTally()

    fileprivate init(_ snapshot: HistoryListing.Snapshot, gapsBefore: Int) {
        (from, to) = (snapshot.time, snapshot.time)
        (first, last) = (snapshot.record.state.sequence, snapshot.record.state.sequence)
        gaps = gapsBefore
    }

    fileprivate mutating func add(_ snapshot: HistoryListing.Snapshot, _ tally: RowTally) {
        to = snapshot.time
        last = snapshot.record.state.sequence
        snapshots += 1
        pages.addSaturated(snapshot.record.pageCount)
        storedBytes.addSaturated(snapshot.record.storedBytes)
        tags += snapshot.tags
        if snapshot.isGood == false { bad += 1 }
        rows += tally
    }

    fileprivate mutating func addGap() { gaps += 1 }
}

/// Makes groups of the snapshots of a listing, oldest first.
///
/// A gap belongs to the group of the snapshot before it. One before the first snapshot belongs to the first
/// group.
package struct SnapshotGrouping: Sendable {
    private let unit: CalendarUnit
    private let calendar: LocalCalendar
    private var number: Int64?
    private var current: SnapshotGroup?
    private var gapsBefore = 0

    package init(by unit: CalendarUnit, in calendar: LocalCalendar) {
        (self.unit, self.calendar) = (unit, calendar)
    }

    /// Returns the group before, if this snapshot begins another one.
    package mutating func add(
        _ snapshot: HistoryListing.Snapshot,
        _ tally: RowTally = RowTally()
    ) -> SnapshotGroup? {
        let offset = calendar.offsetSeconds(snapshot.time.unixSeconds)
        let number = unit.number(of: snapshot.time, offsetSeconds: offset)
        var finished: SnapshotGroup?
        if number != self.number {
            finished = current
            current = SnapshotGroup(snapshot, gapsBefore: gapsBefore)
            (self.number, gapsBefore) = (number, 0)
        }
        current?.add(snapshot, tally)
        return finished
    }

    package mutating func addGap() {
        if current == nil { gapsBefore += 1 } else { current?.addGap() }
    }

    /// The last group; nil when there was no snapshot.
    package var last: SnapshotGroup? { current }
}
