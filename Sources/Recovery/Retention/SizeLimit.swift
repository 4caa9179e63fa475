import LinuxFiles
import Repository

/// How much a root may take in the repository: thins harder than the policy, oldest moments first, until the
/// estimate fits. What `RetentionReasons.always` has stays, however large.
///
/// The estimate takes what a snapshot stores for what its removal frees. Pages that a later kept snapshot needs of it
/// stay, so it frees less as a rule: after a removal the true size is there to go on from.
package struct SizeLimit: Hashable, Sendable {
    package let maximumBytes: UInt64

    package init(maximumBytes: UInt64) { self.maximumBytes = maximumBytes }

    package struct Outcome: Hashable, Sendable {
        /// The reasons of each entry that is still a moment.
        package let moments: [RetentionReasons]
        package let estimatedBytes: UInt64
        package let isReached: Bool
    }

    /// - Parameters:
    ///   - entries: all snapshots of the root, ascending.
    ///   - moments: what the policy chose.
    ///   - storedBytes: of each snapshot.
    ///   - totalBytes: what the root takes now.
    package func thin(
        _ entries: [SnapshotIndex.Entry],
        moments: [RetentionReasons],
        storedBytes: [UInt64],
        totalBytes: UInt64
    ) -> Outcome {
        var moments = moments
        let selection = RetentionSelection(entries, moments: moments)
        let free = freedBytes(entries, moments, selection, storedBytes)
        var estimate = totalBytes
        for place in entries.indices where !selection.keeps(place) {
            estimate = estimate.subtractingToZero(storedBytes[place])
        }
        for place in entries.indices where estimate > maximumBytes {
            guard !moments[place].isEmpty, moments[place].isDisjoint(with: .always) else { continue }
            moments[place] = []
            estimate = estimate.subtractingToZero(free[place])
        }
        return Outcome(moments: moments, estimatedBytes: estimate, isReached: estimate <= maximumBytes)
    }

    /// For each moment that can go: what goes with it, once all moments before it that can go are gone. A snapshot
    /// goes with the last moment at which it stands, unless one of those must stay.
    private func freedBytes(
        _ entries: [SnapshotIndex.Entry],
        _ moments: [RetentionReasons],
        _ selection: RetentionSelection,
        _ storedBytes: [UInt64]
    ) -> [UInt64] {
        var free = [UInt64](repeating: 0, count: entries.count)
        // Of each file, going back: the place of its next kept snapshot.
        var next: [FileID: Int] = [:]
        // For each place: the last moment before it, and the last one that must stay.
        var (lastMoment, lastFixed) = (-1, -1)
        var before = [(moment: Int, fixed: Int)](repeating: (-1, -1), count: entries.count + 1)
        for place in entries.indices {
            before[place] = (lastMoment, lastFixed)
            if !moments[place].isEmpty { lastMoment = place }
            if !moments[place].isDisjoint(with: .always) { lastFixed = place }
        }
        before[entries.count] = (lastMoment, lastFixed)
        for place in entries.indices.reversed() where selection.keeps(place) {
            let end = next.updateValue(place, forKey: entries[place].file) ?? entries.count
            let (moment, fixed) = before[end]
            if fixed < place { free[moment].addSaturated(storedBytes[place]) }
        }
        return free
    }
}

extension UInt64 {
    fileprivate func subtractingToZero(_ other: UInt64) -> UInt64 { self > other ? self - other : 0 }
}
