import LinuxSystem
package import RepositoryFormat
package import SystemPackage

extension SnapshotIndex {
    /// The files that may have existed at a snapshot but had no snapshot yet, because the first capture of
    /// everything was in progress. Relative to the root, by name.
    ///
    /// A file is one of them if and only if its first snapshot is a baseline, is later, and:
    /// 1. no writer was started in between, or
    /// 2. all snapshots so far are baselines, and it is not known to be modified since. The first capture was
    ///    then interrupted, and a later writer continued it.
    ///
    /// The first snapshot of a file that appears while a watcher runs is not a baseline. If no watcher ran,
    /// it is one, and the file did not exist before.
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

    /// Those entries whose file was last modified before a moment. For a database this is unknown.
    private func unmodified(_ places: [Int], since moment: Entry?) -> [Int] {
        guard let last = places.last, let moment else { return [] }
        let former = attributes(at: entries[last].sequence)
        return places.filter { place in
            former.files[entries[place].file]?.modified.map { $0 <= moment.time.nanoseconds } ?? true
        }
    }
}
