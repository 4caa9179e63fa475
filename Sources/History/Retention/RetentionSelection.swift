import RepositoryFormat

/// The kept snapshots of a root's history, with the reasons.
///
/// A policy selects moments of the root, not snapshots of single files, because a root is restored as a
/// whole. At a moment, the state of each file is its newest snapshot that is not later. So these snapshots
/// are kept with each kept moment:
/// 1. The state of every file there, even if it is older than all rules reach.
/// 2. A deletion, if that is the state of a file. Otherwise a deleted file would be restored.
///
/// A file's first snapshot is removed if it is the state of the file at no kept moment. Before the next one
/// the file is then unknown, but not at any kept moment. If a root has one file, its moments are its
/// snapshots.
///
/// **Between kept moments** a snapshot may remain without the states of other files beside it. It is then
/// not a moment: `isConsistentPoint` returns false. There are two kinds:
/// 1. One that is only needed at a later moment.
/// 2. The last healthy one of its file, unless that is also a moment for another reason. Where nothing else
///    changed since the moment before it, it remains a moment: that takes no space.
package struct RetentionSelection: Hashable, Sendable {
    /// For each of the index's entries.
    package let reasons: [RetentionReasons]

    /// Adds the states of all files at the selected moments.
    /// - Parameters:
    ///   - entries: all snapshots of the root, ascending.
    ///   - moments: the reasons of each, empty where it is not a moment.
    package init(_ entries: [SnapshotIndex.Entry], moments: [RetentionReasons]) {
        var reasons = moments
        // The newest snapshot of each file since the last kept moment. Files without one are unchanged since,
        // and were handled there.
        var changed: [FileID: Int] = [:]
        // How many of these only a moment would keep.
        var unkept = 0
        for (place, entry) in entries.enumerated() {
            if let former = changed.updateValue(place, forKey: entry.file), moments[former].isEmpty {
                unkept -= 1
            }
            guard !moments[place].isEmpty else {
                unkept += 1
                continue
            }
            guard entry.isConsistentPoint, !moments[place].isOfOneFile || unkept == 0 else {
                reasons[place].insert(.fileOnly)
                continue
            }
            for other in changed.values where other != place {
                reasons[other].insert(.stateAtMoment)
            }
            changed.removeAll(keepingCapacity: true)
            unkept = 0
        }
        self.reasons = reasons
    }

    package func keeps(_ place: Int) -> Bool { !reasons[place].isEmpty }

    /// Whether the root as a whole remains restorable there.
    package func isConsistentPoint(_ place: Int) -> Bool {
        keeps(place) && reasons[place].isDisjoint(with: [.stateAtMoment, .fileOnly])
    }
}
