import LinuxSystem
import RepositoryFormat

/// The most bytes that a root may take in the repository. The oldest moments are removed first, more than by
/// the policy, until the estimate fits. These are kept:
/// 1. Moments with a reason in `RetentionReasons.always`, however large they are.
/// 2. A moment whose removal frees nothing.
/// 3. All moments, if the limit cannot be reached and removal would save less than 1 percent of the excess.
///
/// The estimate assumes that a removal frees the stored bytes of the snapshot. It usually frees less, because
/// pages that a later kept snapshot needs are kept. After a removal the next run uses the actual size.
package struct SizeLimit: Hashable, Sendable {
    let maximumBytes: UInt64

    package init(maximumBytes: UInt64) { self.maximumBytes = maximumBytes }

    /// Removals help if they free at least 1 / `leastHelp` of the excess.
    private static let leastHelp: UInt64 = 100

    package struct Outcome: Hashable, Sendable {
        /// The reasons of each entry that is still a moment.
        package let moments: [RetentionReasons]
        package let estimatedBytes: UInt64
        /// The size if every removable moment were removed: no lower limit can be reached.
        package let leastBytes: UInt64
        package let isReached: Bool
    }

    /// A snapshot that is removed when all moments are removed from its own to the last one before the next
    /// of its file.
    private struct Removable {
        let place: Int
        let lastMoment: Int
    }

    /// - Parameters:
    ///   - entries: all snapshots of the root, ascending.
    ///   - moments: the policy's selection.
    ///   - storedBytes: of each snapshot.
    ///   - totalBytes: the root's current size.
    package func prune(
        _ entries: [SnapshotIndex.Entry],
        moments: [RetentionReasons],
        storedBytes: [UInt64],
        totalBytes: UInt64
    ) -> Outcome {
        let selection = RetentionSelection(entries, moments: moments)
        var estimate = totalBytes
        for place in entries.indices where !selection.keeps(place) {
            estimate = estimate.subtractingSaturated(storedBytes[place])
        }
        let removable = removable(entries, moments, selection)
        var freed = [UInt64](repeating: 0, count: entries.count)
        for one in removable { freed[one.lastMoment].addSaturated(storedBytes[one.place]) }
        let all = freed.reduce(UInt64(0)) { $0.addingSaturated($1) }
        let least = estimate.subtractingSaturated(all)
        let excess = estimate.subtractingSaturated(maximumBytes)
        let helps = least <= maximumBytes || all >= excess / Self.leastHelp
        // All removable moments before it are removed.
        var end = 0
        while helps, end < entries.count, estimate > maximumBytes {
            estimate = estimate.subtractingSaturated(freed[end])
            end += 1
        }
        return Outcome(
            moments: without(upTo: end, moments, removable, storedBytes),
            estimatedBytes: estimate,
            leastBytes: least,
            isReached: estimate <= maximumBytes
        )
    }

    /// The moments without the removable ones before `end` that need a snapshot which is removed with them.
    private func without(
        upTo end: Int,
        _ moments: [RetentionReasons],
        _ removable: [Removable],
        _ storedBytes: [UInt64]
    ) -> [RetentionReasons] {
        // For each place, how many more of the snapshots that free bytes begin than end there.
        var steps = [Int](repeating: 0, count: moments.count + 1)
        for one in removable where one.lastMoment < end && storedBytes[one.place] > 0 {
            steps[one.place] += 1
            steps[one.lastMoment + 1] -= 1
        }
        var (moments, covering) = (moments, 0)
        for place in 0..<end {
            covering += steps[place]
            if covering > 0, moments[place].isDisjoint(with: .always) { moments[place] = [] }
        }
        return moments
    }

    /// The kept snapshots that can be removed.
    private func removable(
        _ entries: [SnapshotIndex.Entry],
        _ moments: [RetentionReasons],
        _ selection: RetentionSelection
    ) -> [Removable] {
        // For each file, going backwards: the place of its next kept snapshot.
        var next: [FileID: Int] = [:]
        // For each place: the last moment before it, and the last one that must be kept.
        var (lastMoment, lastFixed) = (-1, -1)
        var before = [(moment: Int, fixed: Int)](repeating: (-1, -1), count: entries.count + 1)
        for place in entries.indices {
            before[place] = (lastMoment, lastFixed)
            guard selection.isConsistentPoint(place), !moments[place].isOfOneFile else { continue }
            lastMoment = place
            if !moments[place].isDisjoint(with: .always) { lastFixed = place }
        }
        before[entries.count] = (lastMoment, lastFixed)
        var removable: [Removable] = []
        for place in entries.indices.reversed() where selection.keeps(place) {
            let end = next.updateValue(place, forKey: entries[place].file) ?? entries.count
            guard moments[place].isDisjoint(with: .always) else { continue }
            let (moment, fixed) = before[end]
            if fixed < place { removable.append(Removable(place: place, lastMoment: moment)) }
        }
        return removable
    }
}
