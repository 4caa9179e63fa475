import RepositoryFormat

/// What stays of a root's history, and why.
///
/// A policy chooses moments of the root, not snapshots of single files, because a root is restored as a
/// whole: at a moment, each file is its newest snapshot not later than it. So with each kept moment stays, of
/// every file, the snapshot that stands there, be it older than all rules reach, and be it the deletion of
/// the file: else a file would come back that was gone, or be missing that was there. A file's first snapshot
/// may go when no kept moment is left at which it stands; before the next one the file is then unknown, at no
/// kept moment though. Where a root has one file, its moments are its snapshots, and nothing stands but they
/// themselves.
///
/// **Between kept moments** a snapshot that only stands at a later one may be left without those of other
/// files that stood beside it. It is no moment: `moments` tells which are.
package struct RetentionSelection: Hashable, Sendable {
    /// For each of the index's entries.
    package let reasons: [RetentionReasons]

    /// Adds to the chosen moments what stands at them.
    /// - Parameters:
    ///   - entries: all snapshots of the root, ascending.
    ///   - moments: the reasons of each, empty where it is no moment.
    package init(_ entries: [SnapshotIndex.Entry], moments: [RetentionReasons]) {
        var reasons = moments
        // Since the last kept moment, each file's newest. What has not changed since was seen to there.
        var changed: [FileID: Int] = [:]
        for (place, entry) in entries.enumerated() {
            changed[entry.file] = place
            guard !moments[place].isEmpty else { continue }
            guard entry.isMoment else {
                // It stays by itself; of others, what stood beside it is gone.
                reasons[place].insert(.stands)
                continue
            }
            for standing in changed.values where moments[standing].isEmpty {
                reasons[standing].insert(.stands)
            }
            changed.removeAll(keepingCapacity: true)
        }
        self.reasons = reasons
    }

    package func keeps(_ place: Int) -> Bool { !reasons[place].isEmpty }

    /// Whether the root as a whole stays restorable there.
    package func isMoment(_ place: Int) -> Bool { keeps(place) && !reasons[place].contains(.stands) }
}
