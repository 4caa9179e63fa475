package import LinuxFiles

extension When {
    /// Finds the snapshot that is meant.
    ///
    /// A moment means the newest snapshot not later than it. A sequence must exist. A tag was set on a
    /// sequence; if no snapshot in the list has it (it was another file's), the newest before it is meant.
    ///
    /// - Parameters:
    ///   - snapshots: with ascending sequences and times that never decrease.
    ///   - tags: the sequence of each tag.
    ///   - strictlyBefore: means, for a moment, the newest snapshot earlier than it; for all else the snapshot
    ///     before the one that is named.
    ///   - now: a moment later than this is an error, however new the last snapshot is.
    /// - Returns: an index into `snapshots`.
    package func resolve(
        in snapshots: [SnapshotMoment],
        tags: [String: UInt64],
        strictlyBefore: Bool,
        now: Instant
    ) throws(WhenError) -> Int {
        guard let first = snapshots.first, let last = snapshots.last else { throw .noSnapshots }
        let named: Int
        switch self {
        case .instant(let instant):
            guard instant <= now else { throw .inTheFuture(instant, now: now, latest: last) }
            let later = snapshots.partitionPoint { strictlyBefore ? $0.time >= instant : $0.time > instant }
            guard later > 0 else { throw .beforeFirst(instant, first: first) }
            return later - 1
        case .latest(let back):
            guard back < snapshots.count else { throw .tooFarBack(back, count: snapshots.count) }
            named = snapshots.count - 1 - back
        case .latestGood:
            guard let index = snapshots.lastIndex(where: { $0.isGood == true }) else { throw .noneGood }
            named = index
        case .sequence(let sequence):
            named = try Self.index(of: sequence, in: snapshots)
        case .name(let name):
            guard let sequence = tags[name] else { throw .unknownTag(name, known: tags.keys.sorted()) }
            let later = snapshots.partitionPoint { $0.sequence > sequence }
            guard later > 0 else { throw .unknownSequence(sequence, nearest: [first]) }
            named = later - 1
        }
        guard strictlyBefore else { return named }
        guard named > 0 else { throw .nothingBefore(first) }
        return named - 1
    }

    private static func index(
        of sequence: UInt64,
        in snapshots: [SnapshotMoment]
    ) throws(WhenError) -> Int {
        let index = snapshots.partitionPoint { $0.sequence >= sequence }
        if index < snapshots.count, snapshots[index].sequence == sequence { return index }
        let neighbours = snapshots[max(index - 1, 0)..<min(index + 1, snapshots.count)]
        throw .unknownSequence(sequence, nearest: Array(neighbours))
    }
}
