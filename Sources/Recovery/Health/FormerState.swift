import History
import RepositoryFormat

/// An earlier state of a database, with which its current state is compared.
struct FormerState {
    let sequence: SequenceNumber
    let facts: HealthFacts
    /// False: the database was being created, with other definitions in each commit.
    let isSettled: Bool
}

/// Examines earlier states of a database. Each must be rebuilt, so there are few.
struct FormerStates {
    private static let most = 24
    /// The size of all of them together, in bytes.
    private static let mostBytes: UInt64 = 1 << 30

    private let images: HistoricalImages
    private let most: Int

    /// - Parameter imageBytes: the size of the database.
    init(_ images: HistoricalImages, imageBytes: UInt64) {
        self.images = images
        most = min(Int(clamping: Self.mostBytes / max(imageBytes, 1)), Self.most)
    }

    /// Nil if there was no healthy database, or if it is too large to be rebuilt for this.
    func state(at entry: SnapshotIndex.Entry, isSettled: Bool) throws -> FormerState? {
        guard most > 0, let image = try images.image(entry) else { return nil }
        defer { images.discard(entry) }
        let facts = try HealthFacts(imageAt: image)
        if case .problems = facts.integrity { return nil }
        return FormerState(sequence: entry.sequence, facts: facts, isSettled: isSettled)
    }

    /// The one with the most rows among some states; nil if none has any. `entries`: oldest first.
    func fullest(of entries: some BidirectionalCollection<SnapshotIndex.Entry>) throws -> FormerState? {
        var fullest: FormerState?
        for entry in sample(entries.filter { $0.event != .deleted }) {
            let state = try state(at: entry, isSettled: false)
            if let state, state.facts.rowCount > fullest?.facts.rowCount ?? 0 { fullest = state }
        }
        return fullest
    }

    /// The newest ones, older ones in growing steps, and the first one.
    private func sample(_ entries: [SnapshotIndex.Entry]) -> [SnapshotIndex.Entry] {
        var sample: [SnapshotIndex.Entry] = []
        var distance = 1
        while distance <= entries.count, sample.count < most {
            sample.append(entries[entries.count - distance])
            distance += max(1, distance / 2)
        }
        if let first = entries.first, sample.last != first { sample.append(first) }
        return sample
    }
}
