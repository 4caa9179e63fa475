import LinuxSystem
import RepositoryFormat

/// How much a root may take in the repository: thins harder than the policy, oldest moments first, until the
/// estimate fits. What `RetentionReasons.always` has stays, however large. So does a moment whose removal
/// frees nothing; and where the limit cannot be reached, every moment, unless what can go is a part of what
/// is too much that counts.
///
/// The estimate takes what a snapshot stores for what its removal frees. Pages that a later kept snapshot
/// needs of it stay, so it frees less as a rule: after a removal the true size is there to go on from.
package struct SizeLimit: Hashable, Sendable {
    let maximumBytes: UInt64

    package init(maximumBytes: UInt64) { self.maximumBytes = maximumBytes }

    /// What can go helps if it is at least this part of what is too much.
    private static let leastHelp: UInt64 = 100

    package struct Outcome: Hashable, Sendable {
        /// The reasons of each entry that is still a moment.
        package let moments: [RetentionReasons]
        package let estimatedBytes: UInt64
        /// What would be left if every moment went that can: no limit below it can be reached.
        package let leastBytes: UInt64
        package let isReached: Bool
    }

    /// A snapshot that goes when all moments from its own to the last one before the next of its file are
    /// gone.
    private struct Removable {
        let place: Int
        let lastMoment: Int
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
        guard excess > 0, least <= maximumBytes || all >= excess / Self.leastHelp else {
            return Outcome(
                moments: moments,
                estimatedBytes: estimate,
                leastBytes: least,
                isReached: estimate <= maximumBytes
            )
        }
        // All moments before it go that can.
        var end = 0
        while end < entries.count, estimate > maximumBytes {
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

    /// The moments without those before `end` that can go and at which something stands that goes with them.
    private func without(
        upTo end: Int,
        _ moments: [RetentionReasons],
        _ removable: [Removable],
        _ storedBytes: [UInt64]
    ) -> [RetentionReasons] {
        // How many more begin than end to stand at each place, of those that free something.
        var steps = [Int](repeating: 0, count: moments.count + 1)
        for one in removable where one.lastMoment < end && storedBytes[one.place] > 0 {
            steps[one.place] += 1
            steps[one.lastMoment + 1] -= 1
        }
        var (moments, standing) = (moments, 0)
        for place in 0..<end {
            standing += steps[place]
            if standing > 0, moments[place].isDisjoint(with: .always) { moments[place] = [] }
        }
        return moments
    }

    /// The kept snapshots that can go.
    private func removable(
        _ entries: [SnapshotIndex.Entry],
        _ moments: [RetentionReasons],
        _ selection: RetentionSelection
    ) -> [Removable] {
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
        var removable: [Removable] = []
        for place in entries.indices.reversed() where selection.keeps(place) {
            let end = next.updateValue(place, forKey: entries[place].file) ?? entries.count
            let (moment, fixed) = before[end]
            if fixed < place { removable.append(Removable(place: place, lastMoment: moment)) }
        }
        return removable
    }
}
