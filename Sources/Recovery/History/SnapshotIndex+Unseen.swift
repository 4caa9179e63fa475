import Repository
import SystemPackage

extension SnapshotIndex {
    /// The files that may have been there at a snapshot and had none of their own yet, for the first capture of
    /// everything was under way. Relative to the root, by name.
    ///
    /// A file is one of them if and only if its first snapshot is a baseline, comes later, and:
    /// 1. no writer was started in between, or
    /// 2. all snapshots so far are baselines: the first capture was interrupted, and a later writer went on with it.
    ///
    /// What appears while a watcher runs is no baseline. What appeared while none ran is one, and was not there before.
    func unseenFiles(at sequence: Sequence) -> [FilePath] {
        let end = (entries.lastIndex(atOrBefore: sequence) ?? -1) + 1
        let seen = entries.prefix(end)
        let isFirstCapture = seen.allSatisfy { $0.event == .baseline }
        let limit = isFirstCapture ? nil : sessionPlaces.first { $0 >= end }
        let known = Set(seen.map(\.file))
        let unseen = entries[end..<(limit ?? entries.count)].filter { entry in
            entry.event == .baseline && !known.contains(entry.file)
        }
        return Set(unseen.compactMap { declaration(of: $0.file, at: $0.sequence)?.name })
            .sorted { $0.string < $1.string }
    }
}
