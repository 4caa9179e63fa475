import LinuxSystem
import RepositoryFormat
import RepositoryReader

/// Selecting in a copy that was made beside a writer: records are missing and none is damaged.
///
/// A snapshot of a file is whole if and only if everything that it builds on is there. A moment of the root
/// is whole if and only if no record of the root before it is missing.
///
/// `latest` counts from the newest whole one. A time or a sequence is only accepted if no record is missing
/// between the snapshot that it leads to and the next one.
extension SnapshotIndex {
    /// Whether records are missing and nothing is damaged.
    package var isIncomplete: Bool { !damage.isEmpty && damage.allSatisfy(\.isIncompleteness) }

    /// The newest whole snapshot in the scope.
    package func newestWhole(in scope: HistoryScope) -> Entry? { whole(in: scope).last }

    private func whole(in scope: HistoryScope) -> [Entry] {
        entries(in: scope).filter { isWhole($0, in: scope) }
    }

    private func isWhole(_ entry: Entry, in scope: HistoryScope) -> Bool {
        scope == .root ? entry.isRootWhole : entry.isWhole
    }

    func resolveIncomplete(
        _ when: When,
        in scope: HistoryScope,
        strictlyBefore: Bool,
        now: Instant
    ) throws -> Entry {
        let whole = whole(in: scope)
        guard let newest = whole.last else {
            throw HistoryError.nothingWhole(damage[0], isRoot: scope == .root)
        }
        switch when {
        case .latest, .latestGood:
            return whole[try resolve(when, in: whole, strictlyBefore: strictlyBefore, now: now)]
        case .sequence, .name, .instant: break
        }
        let all = entries(in: scope)
        let index = try resolve(when, in: all, strictlyBefore: strictlyBefore, now: now)
        let entry = all[index]
        let next = index + 1 < all.count ? all[index + 1].sequence : SequenceNumber(.max)
        // A sequence names its snapshot exactly, so none can be in between.
        let isNamed = when == .sequence(entry.sequence.rawValue) && !strictlyBefore
        guard isWhole(entry, in: scope),
            isNamed || !losses.contains(where: { $0 >= entry.sequence && $0 < next })
        else {
            let guess = whole.last { $0.sequence <= entry.sequence } ?? newest
            throw HistoryError.uncertain(damage[0], guess: guess, isRoot: scope == .root)
        }
        return entry
    }
}
