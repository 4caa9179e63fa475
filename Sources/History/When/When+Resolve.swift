package import LinuxSystem
import RepositoryFormat

/// The data of one snapshot for resolving a WHEN.
package struct SnapshotMoment: Hashable, Sendable {
    package let sequence: UInt64
    package let time: Instant
    /// The health verdict; nil if there is none.
    var isGood: Bool?
}

extension When {
    /// Finds the snapshot of a WHEN.
    ///
    /// A time means the newest snapshot that is not later. A tag means the sequence on which it was set. If a
    /// sequence is another file's snapshot, the newest one before it in the list is meant: the state at that
    /// moment. Otherwise the list must have the sequence.
    ///
    /// - Parameters:
    ///   - snapshots: with ascending sequences and times that never decrease.
    ///   - tags: the sequence of each tag.
    ///   - isOthers: whether another file has the snapshot with that sequence, and the root that moment.
    ///   - strictlyBefore: a time means the newest snapshot earlier than it; all else the snapshot before the
    ///     named one.
    ///   - now: a time later than this is an error, however new the last snapshot is.
    /// - Returns: an index into `snapshots`.
    package func resolve(
        in snapshots: [SnapshotMoment],
        tags: [String: UInt64],
        strictlyBefore: Bool,
        now: Instant,
        isOthers: (UInt64) -> Bool = { _ in false }
    ) throws(WhenError) -> Int {
        guard let first = snapshots.first, let last = snapshots.last else { throw .noSnapshots }
        let named: Int
        switch self {
        case .instant(let instant):
            guard instant <= now else { throw .inTheFuture(instant, now: now, latest: last) }
            let later = snapshots.partitioningIndex {
                strictlyBefore ? $0.time >= instant : $0.time > instant
            }
            guard later > 0 else { throw .beforeFirst(instant, first: first) }
            return later - 1
        case .latest(let back):
            guard back < snapshots.count else { throw .tooFarBack(back, count: snapshots.count) }
            named = snapshots.count - 1 - back
        case .latestGood:
            guard let index = snapshots.lastIndex(where: { $0.isGood == true }) else { throw .noneGood }
            named = index
        case .sequence(let sequence):
            named = try Self.index(of: sequence, in: snapshots, mayBeBefore: isOthers(sequence))
        case .name(let name, let back):
            guard let sequence = tags[name] else { throw .unknownTag(name, known: tags.keys.sorted()) }
            let tagged = try Self.index(of: sequence, in: snapshots, mayBeBefore: true)
            guard back <= tagged else { throw .nothingBefore(first) }
            named = tagged - back
        }
        guard strictlyBefore else { return named }
        guard named > 0 else { throw .nothingBefore(first) }
        return named - 1
    }

    private static func index(
        of sequence: UInt64,
        in snapshots: [SnapshotMoment],
        mayBeBefore: Bool
    ) throws(WhenError) -> Int {
        let index = snapshots.partitioningIndex { $0.sequence >= sequence }
        if index < snapshots.count, snapshots[index].sequence == sequence { return index }
        if mayBeBefore, index > 0 { return index - 1 }
        let neighbours = snapshots[max(index - 1, 0)..<min(index + 1, snapshots.count)]
        throw .unknownSequence(sequence, nearest: Array(neighbours))
    }
}
