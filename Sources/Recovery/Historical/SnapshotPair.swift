package import History
package import RepositoryFormat
package import RepositoryReader
package import SystemPackage

/// The files that differ between two moments of a root, or of one file. Reads only the index.
package struct SnapshotPair: Sendable {
    package struct File: Sendable {
        package let path: FilePath
        /// Its state at the moment; nil if there was no such file.
        package let old: SnapshotIndex.Entry?
        package let new: SnapshotIndex.Entry?
        /// Whether it is a database at every moment at which it exists.
        package let isDatabase: Bool
    }

    package private(set) var files: [File]

    package init(
        _ index: SnapshotIndex,
        in scope: HistoryScope,
        from old: SequenceNumber,
        to new: SequenceNumber
    ) {
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

extension SnapshotPair {
    /// Omits files that were written in between, but have the same bytes at both moments. Reads the history
    /// once.
    package func withoutUnchanged(_ root: RootDescription) throws -> SnapshotPair {
        let wanted = Set(files.flatMap { [$0.old, $0.new] }.compactMap { $0?.sequence })
        var states: [SequenceNumber: SnapshotState] = [:]
        try ReplacedSegmentError.retrying {
            try RootHistory(root).visit { event in
                guard case .snapshot(let record) = event, wanted.contains(record.state.sequence) else {
                    return
                }
                states[record.state.sequence] = record.state
            }
        }
        var pair = self
        pair.files.removeAll { file in
            guard let old = file.old.flatMap({ states[$0.sequence] }),
                let new = file.new.flatMap({ states[$0.sequence] })
            else { return false }
            return old.digest == new.digest && old.shape == new.shape
        }
        return pair
    }
}
