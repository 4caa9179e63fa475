package import LinuxSystem
import RepositoryReader

/// What a history has in each of equal parts of a span of time, from left to right.
package struct TimeHistogram: Sendable {
    package let span: ClosedRange<Instant>
    package private(set) var commits: [UInt64]
    package private(set) var pages: [UInt64]
    package private(set) var rowsRemoved: [UInt64]
    /// The columns in which a gap begins.
    package private(set) var gaps: Set<Int> = []
    /// The columns with a tagged snapshot.
    package private(set) var tagged: Set<Int> = []
    /// Each tag with the time of its snapshot, in the order of the snapshots.
    package private(set) var tags: [(name: String, time: Instant)] = []

    /// - Parameter columns: the number of parts, at least one.
    package init(_ span: ClosedRange<Instant>, columns: Int) {
        self.span = span
        let empty = [UInt64](repeating: 0, count: max(1, columns))
        (commits, pages, rowsRemoved) = (empty, empty, empty)
    }

    package mutating func add(_ snapshot: HistoryListing.Snapshot, _ tally: RowTally = RowTally()) {
        let column = column(of: snapshot.time)
        // Where the number of transactions is known, it is the number of commits.
        commits[column].addSaturated(max(1, snapshot.record.coalesced))
        pages[column].addSaturated(snapshot.record.pageCount)
        rowsRemoved[column].addSaturated(UInt64(tally.removed.magnitude))
        guard !snapshot.tags.isEmpty else { return }
        tagged.insert(column)
        tags += snapshot.tags.map { ($0, snapshot.time) }
    }

    package mutating func addGap(from start: Instant) { gaps.insert(column(of: start)) }

    /// Moments outside of the span count in the first or the last column: a gap may begin before it.
    func column(of instant: Instant) -> Int {
        let count = commits.count
        guard instant > span.lowerBound, length > 0 else { return 0 }
        // The difference of two Int64 always fits into a UInt64.
        let offset = UInt64(bitPattern: instant.nanoseconds &- span.lowerBound.nanoseconds)
        return min(count - 1, Int(Double(offset) / Double(length) * Double(count)))
    }

    private var length: UInt64 {
        UInt64(bitPattern: span.upperBound.nanoseconds &- span.lowerBound.nanoseconds)
    }

    /// The time that a column covers.
    package var columnDuration: Duration {
        .nanoseconds(Int64(clamping: length / UInt64(commits.count)))
    }
}
