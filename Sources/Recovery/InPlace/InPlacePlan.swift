package import History
import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
package import SystemPackage

/// Which files of a root are brought back to which of their snapshots. Pure: nothing is looked at but the
/// index.
package struct InPlacePlan: Sendable {
    /// What a file is brought back to.
    package enum Source: Hashable, Sendable {
        case snapshot(SnapshotIndex.Entry)
        /// There was no such file: it goes aside.
        case nothing
        /// A database that the SQL in a file makes.
        case sql(FilePath)
        /// A database that was made aside.
        case image(FilePath)
    }

    package struct Item: Sendable {
        package let file: FileID
        /// Its absolute path as a protected file.
        package let path: FilePath
        /// Relative to the root.
        package let name: FilePath
        package let kind: FileKind
        package let source: Source
        /// What it had besides content, should it be gone; nil when the history does not know.
        let attributes: FileAttributes?

        /// The snapshot that it is brought back to, if it is one.
        package var entry: SnapshotIndex.Entry? {
            if case .snapshot(let entry) = source { entry } else { nil }
        }
    }

    package let root: RootDescription
    package let action: RecoveryEntry.Action
    /// The snapshot that was asked for.
    package let at: SequenceNumber
    package private(set) var items: [Item]
    /// Stored names of files that cannot be restored because they would lead out of the root.
    package let refused: [FilePath]
    /// The root's directories as they were, or last were.
    let directories: [FilePath: FormerDirectory]
    /// Whether those of them that were there are all made.
    let makesDirectories: Bool
    /// The directory within the root of which all files are meant; empty for the root itself, nil when single
    /// files are.
    let directory: FilePath?
    /// All that are meant, those that are left out as well.
    private let files: Set<FileID>
    /// What an undo takes back.
    private(set) var undone: RecoveryEntry?

    /// What a restore to another place would restore.
    package init(_ plan: RestorePlan) {
        root = plan.root
        action = .restore
        at = plan.entry.sequence
        refused = plan.refused
        items = plan.items.map {
            Item(
                file: $0.entry.file,
                path: $0.path,
                name: $0.name,
                kind: $0.kind,
                source: .snapshot($0.entry),
                attributes: $0.attributes
            )
        }
        directories = plan.directories
        makesDirectories = plan.isDirectory
        directory = plan.isDirectory ? plan.top : nil
        files = Set(items.map(\.file))
    }

    /// One database, from something else than the history.
    package init(_ source: Source, for file: FileID, _ index: SnapshotIndex) {
        let last = index.entry(of: file, atOrBefore: SequenceNumber(.max))
        let sequence = last?.sequence ?? .none
        let former = index.attributes(at: SequenceNumber(.max))
        root = index.root
        action = .restore
        at = if case .snapshot(let entry) = source { entry.sequence } else { .none }
        refused = []
        items = [
            Item(
                file: file,
                path: index.path(of: file, at: sequence),
                name: index.declaration(of: file, at: sequence)?.name ?? "",
                kind: .database,
                source: source,
                attributes: former.files[file]
            )
        ]
        directories = former.directories
        makesDirectories = false
        directory = nil
        files = [file]
    }

    /// Takes back what the last restore in the scope did: each file as it was before.
    ///
    /// - Parameter directory: within the root: only files in it are meant.
    ///
    /// Throws `InPlaceError`.
    package init(
        undoingLastIn scope: HistoryScope,
        below directory: FilePath? = nil,
        _ index: SnapshotIndex
    ) throws(InPlaceError) {
        let isMeant = { (file: FileID) in
            guard scope == .root || scope == .file(file) else { return false }
            guard let directory else { return true }
            return index.declaration(of: file, at: SequenceNumber(.max))?.name.starts(with: directory)
                ?? false
        }
        guard let entry = index.recoveries.last(where: { $0.before.keys.contains(where: isMeant) }) else {
            throw .nothingToUndo(index.root.path, begun: index.begunRecovery)
        }
        try Self.refuseIfOthersWrote(since: entry, index)
        // Without them, older ones of the files would be taken for them.
        let moments = Set(index.entries(in: .root).map(\.sequence))
        if let gone = Set(entry.before.values).subtracting(moments).subtracting([.none]).min() {
            throw .safetyIsGone(gone)
        }
        var items: [Item] = []
        var refused: [FilePath] = []
        var former: [SequenceNumber: FormerAttributes] = [:]
        for before in Set(entry.before.values) { former[before] = index.attributes(at: before) }
        for (file, before) in entry.before.sorted(by: { $0.key < $1.key }) where isMeant(file) {
            let found = index.entry(of: file, atOrBefore: before)
            let declaration = index.declaration(of: file, at: found?.sequence ?? before)
            let name = declaration?.name ?? ""
            guard index.root.kind == .file || RestorePlan.place(of: name, in: index.root.path) != nil else {
                refused.append(name)
                continue
            }
            items.append(
                Item(
                    file: file,
                    path: index.path(of: file, at: found?.sequence ?? before),
                    name: name,
                    kind: declaration?.kind ?? .plain,
                    source: found.flatMap { $0.event == .deleted ? nil : .snapshot($0) } ?? .nothing,
                    attributes: former[before]?.files[file]
                )
            )
        }
        root = index.root
        action = .undo
        undone = entry
        at = entry.before.values.max() ?? .none
        self.items = items
        self.refused = refused
        directories = former[at]?.directories ?? [:]
        makesDirectories = false
        self.directory = nil
        files = Set(items.map(\.file))
    }

    /// Files of the directory that is brought back which are there at `present` and were not then: they are
    /// left alone. By name.
    func latecomers(_ index: SnapshotIndex, at present: SequenceNumber) -> [FilePath] {
        guard let directory else { return [] }
        return index.state(at: present).lazy
            .filter { $0.event != .deleted && !files.contains($0.file) }
            .compactMap { index.declaration(of: $0.file, at: present)?.name }
            .filter { $0.starts(with: directory) && !refused.contains($0) }
            .sorted { $0.string < $1.string }
    }

    /// The same without some of the files.
    package func without(_ names: Set<FilePath>) -> InPlacePlan {
        var plan = self
        plan.items.removeAll { names.contains($0.name) }
        return plan
    }

    /// When only rows were restored, those that others wrote since, or at the same time, must not go with
    /// them.
    private static func refuseIfOthersWrote(
        since entry: RecoveryEntry,
        _ index: SnapshotIndex
    ) throws(InPlaceError) {
        guard entry.action == .rows else { return }
        let before = entry.before.values.max() ?? .none
        let later = index.entries.filter { $0.sequence > before && entry.before[$0.file] != nil }
        guard later.count > 1, let last = later.last else { return }
        let path = index.path(of: last.file, at: last.sequence)
        throw .writtenSince(path, entry.result, before: before, last: last.sequence)
    }
}
