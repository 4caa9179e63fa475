import LinuxSystem
import RepositoryFormat
import RepositoryReader

/// Choosing in a copy that was made beside a writer, in which something is missing and nothing is damaged.
///
/// A snapshot of a file is whole if and only if all that it is built on is there. A moment of the root is
/// whole if and only if nothing is missing of the root up to it. `latest` counts from the newest one that is
/// whole. A time or a sequence is only accepted if nothing is missing between the snapshot that it leads to
/// and the next one that is there.
extension SnapshotIndex {
    /// Whether something is missing, and that is all that is wrong.
    package var isIncomplete: Bool { !damage.isEmpty && damage.allSatisfy(\.isIncompleteness) }

    /// The newest snapshot in the scope that is whole.
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
        if isCounted(when) {
            return whole[try resolve(when, in: whole, strictlyBefore: strictlyBefore, now: now)]
        }
        let all = entries(in: scope)
        let index = try resolve(when, in: all, strictlyBefore: strictlyBefore, now: now)
        let entry = all[index]
        let next = index + 1 < all.count ? all[index + 1].sequence : SequenceNumber(.max)
        // Of what has its own name nothing can be between.
        let isNamed = when == .sequence(entry.sequence.rawValue) && !strictlyBefore
        guard isWhole(entry, in: scope),
            isNamed || !losses.contains(where: { $0 >= entry.sequence && $0 < next })
        else {
            let guess = whole.last { $0.sequence <= entry.sequence } ?? newest
            throw HistoryError.uncertain(damage[0], guess: guess, isRoot: scope == .root)
        }
        return entry
    }

    private func isCounted(_ when: When) -> Bool {
        switch when {
        case .latest, .latestGood: true
        case .sequence, .name, .instant: false
        }
    }
}
