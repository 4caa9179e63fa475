import LinuxFiles
import Repository

/// What a look at a database is compared with: the look before it. Of a database that nobody looked at so far, or
/// that is so young that it was filled since, the fullest of some states that it had.
struct FormerLook {
    let sequence: Sequence
    let facts: HealthFacts
    /// False: it was being made, with other definitions in each commit.
    let isSettled: Bool

    /// How long a database is young.
    static let youth = Duration.seconds(120)
    /// States that are rebuilt for it, and their size together in bytes.
    private static let mostStates = 24
    private static let mostBytes: UInt64 = 1 << 30
}

extension FormerLook {
    /// Nil if there was no sound state before that one, or it would take too long to know.
    ///
    /// - Parameters:
    ///   - known: the look before it in this process.
    ///   - lastGood: the last snapshot that was found good, by whichever process.
    static func find(
        _ root: RootDescription,
        _ file: FileID,
        before state: SnapshotState,
        known: (sequence: Sequence, facts: HealthFacts)?,
        lastGood: Sequence?,
        isYoung: Bool
    ) throws -> FormerLook? {
        let known = known.map { FormerLook(sequence: $0.sequence, facts: $0.facts, isSettled: true) }
        if known != nil, !isYoung { return known }
        let most = Int(clamping: mostBytes / max(state.shape.byteCount, 1))
        guard most > 0 else { return known }
        let entries = try SnapshotIndex(root).entries(in: .file(file)).filter { entry in
            entry.sequence < state.sequence && entry.event != .deleted
        }
        let images = try PastImages(root)
        let look = { (entry: SnapshotIndex.Entry, isSettled: Bool) -> FormerLook? in
            defer { images.discard(entry) }
            guard let facts = try images.image(entry).map({ try HealthFacts(imageAt: $0) }) else {
                return nil
            }
            if case .problems = facts.integrity { return nil }
            return FormerLook(sequence: entry.sequence, facts: facts, isSettled: isSettled)
        }
        var former = known
        if former == nil, let good = entries.last(where: { $0.sequence == lastGood }) {
            former = try look(good, true)
        }
        guard former == nil || isYoung else { return former }
        for entry in sample(entries, min(most, mostStates)) {
            let state = try look(entry, false)
            if let state, state.facts.rowCount > former?.facts.rowCount ?? 0 { former = state }
        }
        return former
    }

    /// The newest ones, older ones by leaps.
    private static func sample(_ entries: [SnapshotIndex.Entry], _ most: Int) -> [SnapshotIndex.Entry] {
        var sample: [SnapshotIndex.Entry] = []
        var distance = 1
        while distance <= entries.count, sample.count < most {
            sample.append(entries[entries.count - distance])
            distance += max(1, distance / 2)
        }
        return sample
    }
}
