package import RepositoryFormat

/// The snapshots of a root that retention keeps. Snapshots that are newer than its decision are kept as well.
package struct KeptSnapshots: Sendable {
    /// Ascending.
    private let sequences: [SequenceNumber]
    private let moments: [Bool]
    private let lastSeen: SequenceNumber
    /// From here on all snapshots are kept, each as a moment, and so are those that they build on.
    private var untouched: (first: SequenceNumber, newest: Set<SequenceNumber>)?

    /// - Parameters:
    ///   - kept: ascending, each with whether the root as a whole remains restorable as of it.
    ///   - lastSeen: the newest snapshot that was decided on.
    package init(
        _ kept: some Sequence<(sequence: SequenceNumber, isConsistentPoint: Bool)>,
        upTo lastSeen: SequenceNumber
    ) {
        (sequences, moments) = kept.reduce(into: ([], [])) { result, snapshot in
            result.0.append(snapshot.sequence)
            result.1.append(snapshot.isConsistentPoint)
        }
        self.lastSeen = lastSeen
    }

    /// The same, but no snapshot from `first` on is removed, because those are out of reach. So the state of
    /// each file there is kept too: `scope`.
    package func leaving(from first: SequenceNumber, newest: Set<SequenceNumber>) -> Self {
        var kept = self
        kept.untouched = (first, newest)
        return kept
    }

    package func scope(of sequence: SequenceNumber) -> ChangesFormat.Scope {
        guard let untouched else { return chosen(sequence) }
        guard sequence < untouched.first else { return .consistentPoint }
        let scope = chosen(sequence)
        return scope == .superseded && untouched.newest.contains(sequence) ? .fileOnly : scope
    }

    private func chosen(_ sequence: SequenceNumber) -> ChangesFormat.Scope {
        guard sequence <= lastSeen else { return .consistentPoint }
        let place = sequences.partitioningIndex { $0 >= sequence }
        guard place < sequences.count, sequences[place] == sequence else { return .superseded }
        return moments[place] ? .consistentPoint : .fileOnly
    }
}
