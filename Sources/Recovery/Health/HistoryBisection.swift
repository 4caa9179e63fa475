import History
import RepositoryFormat

/// Finds the event between two snapshots of a database by bisection: each step rebuilds one image.
struct HistoryBisection {
    private let images: HistoricalImages
    private let before: SequenceNumber
    /// The snapshots between the two.
    private let entries: [SnapshotIndex.Entry]

    /// - Parameters:
    ///   - entries: the snapshots of the database.
    ///   - before: one before the event.
    ///   - after: one after it.
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

    func lastBefore(_ hasHappened: (HealthFacts) -> Bool) throws -> SequenceNumber {
        let end = try entries.partitioningIndex { entry in
            guard let image = try images.image(entry) else { return true }
            defer { images.discard(entry) }
            return try hasHappened(HealthFacts(imageAt: image))
        }
        return end == 0 ? before : entries[end - 1].sequence
    }
}
