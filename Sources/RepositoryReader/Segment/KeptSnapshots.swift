package import RepositoryFormat

/// The snapshots of a root that retention keeps. Snapshots that are newer than its decision are kept as well.
package struct KeptSnapshots: Sendable {
    /// Ascending.
    private let sequences: [SequenceNumber]
    private let moments: [Bool]
    private let lastSeen: SequenceNumber
    /// From here on all snapshots are kept, each as a moment, and so are those that they build on.
    private var untouched: (first: SequenceNumber, standing: Set<SequenceNumber>)?

    /// - Parameters:
    ///   - kept: ascending, each with whether the root as a whole remains restorable as of it.
    ///   - lastSeen: the newest snapshot that was decided on.
    package init(
        _ kept: some Sequence<(sequence: SequenceNumber, isMoment: Bool)>,
        upTo lastSeen: SequenceNumber
    ) {
        (sequences, moments) = kept.reduce(into: ([], [])) { result, snapshot in
            result.0.append(snapshot.sequence)
            result.1.append(snapshot.isMoment)
        }
        self.lastSeen = lastSeen
    }

    /// The same, but no snapshot from `first` on is removed, because those are out of reach. So the state of
    /// each file there is kept too: `standing`.
    package func leaving(from first: SequenceNumber, standing: Set<SequenceNumber>) -> Self {
        var kept = self
        kept.untouched = (first, standing)
        return kept
    }

    package func standing(of sequence: SequenceNumber) -> ChangesFormat.Standing {
        guard let untouched else { return chosen(sequence) }
        guard sequence < untouched.first else { return .moment }
        let standing = chosen(sequence)
        return standing == .removed && untouched.standing.contains(sequence) ? .alone : standing
    }

    private func chosen(_ sequence: SequenceNumber) -> ChangesFormat.Standing {
        guard sequence <= lastSeen else { return .moment }
        let place = sequences.partitioningIndex { $0 >= sequence }
        guard place < sequences.count, sequences[place] == sequence else { return .removed }
        return moments[place] ? .moment : .alone
    }
}
