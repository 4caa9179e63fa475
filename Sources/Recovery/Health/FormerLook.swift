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
    ///   - restored: the snapshot with the last state that was brought back: what that did was meant.
    static func find(
        _ root: RootDescription,
        _ file: FileID,
        before state: SnapshotState,
        known: (sequence: Sequence, facts: HealthFacts)?,
        lastGood: Sequence?,
        restored: Sequence?,
        isYoung: Bool
    ) throws -> FormerLook? {
        let known = known.flatMap { known in
            restored.map { known.sequence >= $0 } ?? true
                ? FormerLook(sequence: known.sequence, facts: known.facts, isSettled: true) : nil
        }
        if known != nil, !isYoung { return known }
        let start = restored.map { max($0, lastGood ?? .none) } ?? lastGood
        let entries = try SnapshotIndex(root).entries(in: .file(file)).filter { $0.sequence < state.sequence }
        let images = try PastImages(root)
        return try find(
            known,
            among: restored.map { first in entries.filter { $0.sequence >= first } } ?? entries,
            from: start.flatMap { start in entries.last { $0.sequence <= start } },
            isYoung: isYoung,
            imageBytes: state.shape.byteCount,
            images
        )
    }

    /// The fullest of some of a database's states, oldest first, that all are former ones.
    static func fullest(
        of entries: some Collection<SnapshotIndex.Entry>,
        imageBytes: UInt64,
        _ images: PastImages
    ) throws -> FormerLook? {
        try find(nil, among: Array(entries), from: nil, isYoung: true, imageBytes: imageBytes, images)
    }

    private static func find(
        _ known: FormerLook?,
        among all: [SnapshotIndex.Entry],
        from start: SnapshotIndex.Entry?,
        isYoung: Bool,
        imageBytes: UInt64,
        _ images: PastImages
    ) throws -> FormerLook? {
        let most = Int(clamping: mostBytes / max(imageBytes, 1))
        guard most > 0 else { return known }
        let entries = all.filter { $0.event != .deleted }
        let look = { (entry: SnapshotIndex.Entry, isSettled: Bool) -> FormerLook? in
            defer { images.discard(entry) }
            guard let facts = try images.image(entry).map({ try HealthFacts(imageAt: $0) }) else {
                return nil
            }
            if case .problems = facts.integrity { return nil }
            return FormerLook(sequence: entry.sequence, facts: facts, isSettled: isSettled)
        }
        var former = known
        if former == nil, let start { former = try look(start, true) }
        guard former == nil || isYoung else { return former }
        for entry in sample(entries, min(most, mostStates)) {
            let state = try look(entry, false)
            if let state, state.facts.rowCount > former?.facts.rowCount ?? 0 { former = state }
        }
        return former
    }

    /// The newest ones, older ones by leaps, and the first one.
    private static func sample(_ entries: [SnapshotIndex.Entry], _ most: Int) -> [SnapshotIndex.Entry] {
        var sample: [SnapshotIndex.Entry] = []
        var distance = 1
        while distance <= entries.count, sample.count < most {
            sample.append(entries[entries.count - distance])
            distance += max(1, distance / 2)
        }
        if let first = entries.first, sample.last != first { sample.append(first) }
        return sample
    }
}
