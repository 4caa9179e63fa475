import LinuxSystem

/// Which snapshots of a root stay, as retention has decided. What is newer than all that it has seen stays as well.
package struct KeptSnapshots: Sendable {
    /// Ascending.
    private let sequences: [Sequence]
    private let moments: [Bool]
    private let lastSeen: Sequence
    /// From here on all stays, each a moment, and what they build on.
    private var untouched: (first: Sequence, standing: Set<Sequence>)?

    /// - Parameters:
    ///   - kept: ascending, each with whether the root as a whole stays restorable as of it.
    ///   - lastSeen: the newest snapshot that was decided on.
    package init(_ kept: some Swift.Sequence<(sequence: Sequence, isMoment: Bool)>, upTo lastSeen: Sequence) {
        (sequences, moments) = kept.reduce(into: ([], [])) { result, snapshot in
            result.0.append(snapshot.sequence)
            result.1.append(snapshot.isMoment)
        }
        self.lastSeen = lastSeen
    }

    /// The same, but that from a sequence on nothing goes, for it is out of reach. So of each file what stands there stays.
    func leaving(from first: Sequence, standing: Set<Sequence>) -> Self {
        var kept = self
        kept.untouched = (first, standing)
        return kept
    }

    func standing(of sequence: Sequence) -> ChangesFormat.Standing {
        guard let untouched else { return chosen(sequence) }
        guard sequence < untouched.first else { return .moment }
        let standing = chosen(sequence)
        return standing == .removed && untouched.standing.contains(sequence) ? .alone : standing
    }

    private func chosen(_ sequence: Sequence) -> ChangesFormat.Standing {
        guard sequence <= lastSeen else { return .moment }
        var (low, high) = (0, sequences.count)
        while low < high {
            let middle = low + (high - low) / 2
            if sequences[middle] < sequence { low = middle + 1 } else { high = middle }
        }
        guard low < sequences.count, sequences[low] == sequence else { return .removed }
        return moments[low] ? .moment : .alone
    }
}
