import History
import RepositoryFormat

/// Finds where something happened to a database between two of its snapshots, by halves: each step rebuilds
/// one image.
struct HistoryBisection {
    private let images: HistoricalImages
    private let before: SequenceNumber
    /// Those between the two.
    private let entries: [SnapshotIndex.Entry]

    /// - Parameters:
    ///   - entries: the snapshots of the database.
    ///   - before: one at which it had not happened.
    ///   - after: one at which it had.
    init(
        _ entries: [SnapshotIndex.Entry],
        _ images: HistoricalImages,
        after before: SequenceNumber,
        upTo after: SequenceNumber
    ) {
        self.images = images
        self.before = before
        self.entries = entries.filter {
            $0.sequence > before && $0.sequence < after && $0.event != .deleted
        }
    }

    /// The last snapshot at which it had not happened.
    func lastBefore(_ hasHappened: (HealthFacts) -> Bool) throws -> SequenceNumber {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = low + (high - low) / 2
            guard let image = try images.image(entries[middle]) else { return before }
            defer { images.discard(entries[middle]) }
            if try hasHappened(HealthFacts(imageAt: image)) { high = middle } else { low = middle + 1 }
        }
        return low == 0 ? before : entries[low - 1].sequence
    }
}
