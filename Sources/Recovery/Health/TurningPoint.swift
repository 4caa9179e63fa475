import Repository

/// Finds where something happened to a database between two of its snapshots, by halves: each step rebuilds one image.
struct TurningPoint {
    private let root: RootDescription
    private let file: FileID
    private let before: Sequence
    private let after: Sequence

    /// - Parameters:
    ///   - before: a snapshot at which it had not happened.
    ///   - after: one at which it had.
    init(_ root: RootDescription, _ file: FileID, after before: Sequence, upTo after: Sequence) {
        self.root = root
        self.file = file
        self.before = before
        self.after = after
    }

    /// The last snapshot at which it had not happened.
    func lastBefore(_ hasHappened: (HealthFacts) -> Bool) throws -> Sequence {
        let entries = try SnapshotIndex(root).entries(in: .file(file))
            .filter { $0.sequence > before && $0.sequence < after && $0.event != .deleted }
        var low = 0
        var high = entries.count
        while low < high {
            let middle = low + (high - low) / 2
            let images = try PastImages(root)
            guard let image = try images.image(entries[middle]) else { return before }
            let facts = try withExtendedLifetime(images) { try HealthFacts(imageAt: image) }
            if hasHappened(facts) { high = middle } else { low = middle + 1 }
        }
        return low == 0 ? before : entries[low - 1].sequence
    }
}
