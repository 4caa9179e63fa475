import LinuxSystem
package import RepositoryFormat
package import SystemPackage

extension SnapshotIndex {
    /// The files that may have been there at a snapshot and had none of their own yet, for the first capture
    /// of everything was under way. Relative to the root, by name.
    ///
    /// A file is one of them if and only if its first snapshot is a baseline, comes later, and:
    /// 1. no writer was started in between, or
    /// 2. all snapshots so far are baselines, and it is not known to be modified since: the first capture was
    ///    interrupted, and a later writer went on with it.
    ///
    /// What appears while a watcher runs is no baseline. What appeared while none ran is one, and was not
    /// there before.
    package func unseenFiles(at sequence: SequenceNumber) -> [FilePath] {
        let end = (entries.lastIndex(atOrBefore: sequence) ?? -1) + 1
        let seen = entries.prefix(end)
        let isFirstCapture = seen.allSatisfy { $0.event == .baseline }
        let sessionEnd = sessionPlaces.first { $0 >= end } ?? entries.count
        let known = Set(seen.map(\.file))
        let later = entries.indices[end...].filter { place in
            entries[place].event == .baseline && !known.contains(entries[place].file)
                && (place < sessionEnd || isFirstCapture)
        }
        let unseen =
            later.filter { $0 < sessionEnd } + unmodified(later.filter { $0 >= sessionEnd }, since: seen.last)
        return Set(unseen.map { entries[$0] }.compactMap { declaration(of: $0.file, at: $0.sequence)?.name })
            .sorted { $0.string < $1.string }
    }

    /// Those of the entries of which the file was last modified before a moment. Of a database that is not
    /// known.
    private func unmodified(_ places: [Int], since moment: Entry?) -> [Int] {
        guard let last = places.last, let moment else { return [] }
        let former = attributes(at: entries[last].sequence)
        return places.filter { place in
            former.files[entries[place].file]?.modified.map { $0 <= moment.time.nanoseconds } ?? true
        }
    }
}
