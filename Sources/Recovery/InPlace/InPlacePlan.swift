package import History
import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
package import SystemPackage

/// The files of a root to restore, and their snapshots. Reads only the index.
package struct InPlacePlan: Sendable {
    /// The source of a file's restored content.
    package enum Source: Hashable, Sendable {
        case snapshot(SnapshotIndex.Entry)
        /// There was no such file: it is renamed.
        case nothing
        /// A database that is made from the SQL in a file.
        case sql(FilePath)
        /// A database that was made elsewhere.
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
        /// The former attributes, in case the file is missing; nil when the history has none.
        let attributes: FileAttributes?

        package var entry: SnapshotIndex.Entry? {
            if case .snapshot(let entry) = source { entry } else { nil }
        }
    }

    package let root: RootDescription
    package let action: RecoveryEntry.Action
    /// The requested snapshot.
    package let at: SequenceNumber
    package private(set) var items: [Item] = []
    /// Stored names of files that cannot be restored because they would lead out of the root.
    package private(set) var refused: [FilePath] = []
    /// The root's directories as of the moment, or as they last were.
    let directories: [FilePath: FormerDirectory]
    /// Whether all directories that existed at the moment are made.
    private(set) var makesDirectories = false
    /// The directory within the root whose files are restored. Empty for the root itself, nil for single
    /// files.
    private var directory: FilePath?
    /// All selected files in that directory, including the omitted ones.
    private var files: Set<FileID> = []
    /// The recovery that an undo reverses.
    private(set) var undone: RecoveryEntry?

    /// The same files that a restore to another place would restore.
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

    /// One database, from a source other than the history.
    package init(_ source: Source, for file: FileID, _ index: SnapshotIndex) {
        let last = index.entry(of: file, atOrBefore: SequenceNumber(.max))
        let sequence = last?.sequence ?? .none
        let former = index.attributes(at: SequenceNumber(.max))
        root = index.root
        action = .restore
        at = if case .snapshot(let entry) = source { entry.sequence } else { .none }
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
    }

    /// Undoes the last restore in the scope: each file gets its state before.
    ///
    /// - Parameter directory: within the root: only files in it are restored.
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
            throw .nothingToUndo(index.root.path, begun: index.begunRecovery?.before)
        }
        try Self.refuseIfOthersWrote(since: entry, index)
        // Without them, older snapshots of the files would be used instead.
        let moments = Set(index.entries(in: .root).map(\.sequence))
        if let gone = Set(entry.before.values).subtracting(moments).subtracting([.none]).min() {
            throw .safetyIsGone(gone)
        }
        var former: [SequenceNumber: FormerAttributes] = [:]
        for before in Set(entry.before.values) { former[before] = index.attributes(at: before) }
        for (file, before) in entry.before.sorted(by: { $0.key < $1.key }) where isMeant(file) {
            let found = index.entry(of: file, atOrBefore: before)
            let declaration = index.declaration(of: file, at: found?.sequence ?? before)
            let name = declaration?.name ?? ""
            guard index.root.kind == .file || name.leadsBelow else {
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
        directories = former[at]?.directories ?? [:]
    }

    /// Files of the restored directory that exist at `present` and did not exist then: they are not changed.
    /// By name.
    func newerFiles(_ index: SnapshotIndex, at present: SequenceNumber) -> [FilePath] {
        guard let directory else { return [] }
        return index.state(at: present).lazy
            .filter { $0.event != .deleted && !files.contains($0.file) }
            .compactMap { index.declaration(of: $0.file, at: present)?.name }
            .filter { $0.starts(with: directory) && !refused.contains($0) }
            .sorted { $0.string < $1.string }
    }

    /// When only rows were restored, rows that others wrote since, or at the same time, must not be lost.
    static func refuseIfOthersWrote(
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
