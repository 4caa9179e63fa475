package import Repository
package import SystemPackage

/// The files that two moments of a root, or of one file, differ in. Pure: nothing is looked at but the index.
package struct MomentPair: Sendable {
    package struct File: Sendable {
        package let file: FileID
        package let path: FilePath
        /// What it was at the moment; nil if there was no such file.
        package let old: SnapshotIndex.Entry?
        package let new: SnapshotIndex.Entry?
        /// A database at both moments, as far as it was there.
        package let isDatabase: Bool
    }

    package let files: [File]

    package init(_ index: SnapshotIndex, in scope: HistoryScope, from old: Sequence, to new: Sequence) {
        let isMeant = { (entry: SnapshotIndex.Entry) in scope == .root || scope == .file(entry.file) }
        let states = [old, new].map { sequence in
            let alive = index.state(at: sequence).filter { isMeant($0) && $0.event != .deleted }
            return Dictionary(uniqueKeysWithValues: alive.map { ($0.file, $0) })
        }
        files = Set(states[0].keys).union(states[1].keys).sorted().compactMap { file in
            let (old, new) = (states[0][file], states[1][file])
            guard old != new else { return nil }
            let entries = [old, new].compactMap(\.self)
            return File(
                file: file,
                path: index.path(of: file, at: entries.last!.sequence),
                old: old,
                new: new,
                isDatabase: entries.allSatisfy {
                    index.declaration(of: file, at: $0.sequence)?.kind == .database
                }
            )
        }
    }
}
