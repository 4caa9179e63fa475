package import LinuxSystem
import RepositoryFormat
package import RepositoryReader
import SQLiteFiles

/// The cost of protection: how much was captured, its size, and the cost of a restore.
package struct RootStatistics: Sendable {
    /// Files that exist by the last snapshot.
    package private(set) var files = 0
    package private(set) var databases = 0
    /// The size of those files.
    package private(set) var imageBytes: UInt64 = 0
    package private(set) var snapshots: UInt64 = 0
    package internal(set) var storage = RootStorage()
    /// The size if the whole image of each snapshot were kept.
    package private(set) var wholeImageBytes: UInt64 = 0
    /// The size if the changed pages of each snapshot, base images included, were kept uncompressed.
    package private(set) var changedPageBytes: UInt64 = 0
    package private(set) var firstTime: Instant?
    package private(set) var lastTime: Instant?
    package private(set) var lastHour = PeriodTotals()
    package private(set) var lastDay = PeriodTotals()
    package private(set) var lastWeek = PeriodTotals()
    /// The share of every snapshot in the segments.
    private var storedBytes: [UInt64] = []

    /// The snapshots of a period up to now.
    package struct PeriodTotals: Hashable, Sendable {
        package fileprivate(set) var snapshots: UInt64 = 0
        package fileprivate(set) var storedBytes: UInt64 = 0

        fileprivate mutating func add(_ other: PeriodTotals) {
            snapshots += other.snapshots
            storedBytes.addSaturated(other.storedBytes)
        }
    }

    private let now: Instant

    package init(now: Instant) { self.now = now }

    mutating func add(_ record: SnapshotRecord) {
        let shape = record.state.shape
        let (time, stored) = (record.state.time, record.storedBytes)
        snapshots += 1
        storedBytes.append(stored)
        wholeImageBytes.addSaturated(shape.byteCount)
        changedPageBytes.addSaturated(record.pageCount.multipliedSaturated(by: UInt64(shape.pageSize.bytes)))
        firstTime = firstTime ?? time
        lastTime = time
        let age = Duration.nanoseconds(
            now.nanoseconds.subtractingReportingOverflow(time.nanoseconds).partialValue
        )
        let one = PeriodTotals(snapshots: 1, storedBytes: stored)
        if age < .seconds(3600) { lastHour.add(one) }
        if age < .seconds(86_400) { lastDay.add(one) }
        if age < .seconds(7 * 86_400) { lastWeek.add(one) }
    }

    mutating func setFiles(_ last: [FileID: SnapshotState], _ kinds: [FileID: FileKind]) {
        let alive = last.filter { $0.value.event != .deleted }
        files = alive.count
        databases = alive.keys.count { kinds[$0] == .database }
        imageBytes = alive.values.reduce(0) { $0.addingSaturated($1.shape.byteCount) }
    }

    /// Adds the statistics of another root.
    package mutating func add(_ other: RootStatistics) {
        files += other.files
        databases += other.databases
        imageBytes.addSaturated(other.imageBytes)
        snapshots += other.snapshots
        storage += other.storage
        wholeImageBytes.addSaturated(other.wholeImageBytes)
        changedPageBytes.addSaturated(other.changedPageBytes)
        firstTime = [firstTime, other.firstTime].compactMap(\.self).min()
        lastTime = [lastTime, other.lastTime].compactMap(\.self).max()
        lastHour.add(other.lastHour)
        lastDay.add(other.lastDay)
        lastWeek.add(other.lastWeek)
        storedBytes += other.storedBytes
    }
}

// Derived values.
extension RootStatistics {
    /// The median of the snapshots' stored bytes in segments; nil without a snapshot.
    package var medianStoredBytes: UInt64? {
        storedBytes.isEmpty ? nil : storedBytes.sorted()[storedBytes.count / 2]
    }

    package var meanStoredBytes: UInt64? {
        storedBytes.isEmpty
            ? nil : storedBytes.reduce(0) { $0.addingSaturated($1) } / UInt64(storedBytes.count)
    }

    /// The size of the history, without mirrors, which do not depend on its length.
    var historyBytes: UInt64 { storage.sizes.segments.addingSaturated(storage.sizes.bases) }

    /// The size of whole images divided by that of the history; nil without one.
    package var wholeImageRatio: Double? { ratio(wholeImageBytes) }

    /// The size of the uncompressed changed pages divided by that of the history; nil without one.
    package var changedPageRatio: Double? { ratio(changedPageBytes) }

    /// The growth of segments per day in the last 7 days; of a shorter history, since its start. A history of
    /// less than a day counts as one day: nothing is extrapolated. Nil without a snapshot.
    package var bytesPerDay: UInt64? {
        guard let firstTime else { return nil }
        let age = Double(max(0, now.nanoseconds &- firstTime.nanoseconds)) / 86_400e9
        // A value beyond the range becomes the greatest number.
        return UInt64(exactly: (Double(lastWeek.storedBytes) / min(7, max(1, age))).rounded(.down)) ?? .max
    }

    private func ratio(_ bytes: UInt64) -> Double? {
        snapshots == 0 || historyBytes == 0 ? nil : Double(bytes) / Double(historyBytes)
    }
}
