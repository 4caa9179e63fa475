package import History
package import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
import SQLiteFiles
package import SystemPackage

/// The images to rebuild, and their destinations. Reads only the index.
package struct RestorePlan: Hashable, Sendable {
    package struct Item: Hashable, Sendable {
        package let entry: SnapshotIndex.Entry
        /// Its absolute path as a protected file.
        package let path: FilePath
        /// Relative to the root.
        package let name: FilePath
        package let kind: FileKind
        /// Relative to the plan's destination; empty if that is the file.
        fileprivate(set) var relativePath = FilePath()
        /// The attributes; nil when the history has none.
        package fileprivate(set) var attributes: FileAttributes?
    }

    package let root: RootDescription
    /// The requested snapshot; for a directory, the root's.
    package let entry: SnapshotIndex.Entry
    /// A file, or with `isDirectory` the directory that corresponds to the root.
    package private(set) var destination: FilePath
    package let isDirectory: Bool
    /// Whether the snapshot is its file's newest. Not used for a directory.
    package let isLatest: Bool
    /// The files to restore, by file number.
    package private(set) var items: [Item] = []
    /// Stored names of files that cannot be restored because they would lead out of the destination.
    package private(set) var refused: [FilePath] = []
    /// Names of files that may have existed, but had no snapshot yet.
    package private(set) var unseen: [FilePath] = []
    /// The root's directories, by their names relative to it. Unwanted ones do not count as existing.
    private(set) var directories: [FilePath: FormerDirectory]
    /// The directory within the root that is restored; empty for the root itself.
    let top: FilePath

    /// Plans one file. `when`: the WHEN that selected the snapshot. Throws `RestoreError.didNotExist` if it
    /// was deleted by then.
    package init(
        _ index: SnapshotIndex,
        file entry: SnapshotIndex.Entry,
        asked when: When? = nil,
        to destination: FilePath
    ) throws(RestoreError) {
        let former = index.attributes(at: entry.sequence, asked: when)
        let item = Item(entry, of: index, former)
        guard entry.event != .deleted else {
            let lastImage = index.entries(in: .file(entry.file))
                .last { $0.sequence < entry.sequence && $0.event != .deleted }
            throw .didNotExist(item.path, deleted: entry, lastImage: lastImage)
        }
        self.root = index.root
        self.entry = entry
        self.destination = destination
        isDirectory = false
        isLatest = index.entries(in: .file(entry.file)).last == entry
        items = [item]
        directories = former.directories.mapValues {
            FormerDirectory(attributes: $0.attributes, isThere: false)
        }
        top = ""
    }

    /// Plans all files of a root, or of a directory in it, that existed at a snapshot of any of the root's.
    package init(
        _ index: SnapshotIndex,
        root entry: SnapshotIndex.Entry,
        below directory: FilePath? = nil,
        asked when: When? = nil,
        to destination: FilePath
    ) {
        let former = index.attributes(at: entry.sequence, asked: when)
        for entry in index.state(at: entry.sequence) where entry.event != .deleted {
            var item = Item(entry, of: index, former)
            item.relativePath = item.name
            if let directory, !item.relativePath.removePrefix(directory) { continue }
            if item.relativePath.leadsBelow { items.append(item) } else { refused.append(item.name) }
        }
        self.root = index.root
        self.entry = entry
        self.destination = destination
        isDirectory = true
        isLatest = false
        unseen = index.unseenFiles(at: entry.sequence).filter { name in
            directory.map { name.starts(with: $0) } ?? true
        }
        top = directory ?? ""
        // SQLite opens no database beside a directory with the name of its journal.
        let sidecars = Set(
            items.lazy.filter { $0.kind == .database }.flatMap { item in
                Sidecar.allCases.map { item.name.appending(suffix: $0.rawValue) }
            }
        )
        directories = Dictionary(
            uniqueKeysWithValues: former.directories.map { name, known in
                let isWanted = (directory.map { name.starts(with: $0) } ?? true) && !sidecars.contains(name)
                return (
                    name, FormerDirectory(attributes: known.attributes, isThere: known.isThere && isWanted)
                )
            }
        )
    }

    /// The directories below the destination, by their names relative to it.
    var directoriesBelow: [FilePath: FormerDirectory] {
        directories.reduce(into: [:]) { found, known in
            var name = known.key
            if top.isEmpty || name.removePrefix(top) { found[name] = known.value }
        }
    }

    /// The same with changed attributes, or without any.
    package func with(_ change: (FileAttributes) -> FileAttributes?) -> RestorePlan {
        var plan = self
        for index in items.indices { plan.items[index].attributes = items[index].attributes.flatMap(change) }
        plan.directories = directories.compactMapValues { former in
            change(former.attributes).map { FormerDirectory(attributes: $0, isThere: former.isThere) }
        }
        return plan
    }

    /// The same into another directory.
    func moved(toDirectory directory: FilePath) -> RestorePlan {
        var plan = self
        plan.destination = directory
        return plan
    }

    package func destination(of item: Item) -> FilePath {
        destination.appending(item.relativePath.components)
    }
}

extension FilePath {
    /// Whether it leads to something below a directory to which it is relative.
    var leadsBelow: Bool { isRelative && !isEmpty && staysBelow(refusingDots: true) }
}

extension RestorePlan.Item {
    init(
        _ entry: SnapshotIndex.Entry,
        of index: SnapshotIndex,
        _ former: FormerAttributes
    ) {
        let declaration = index.declaration(of: entry.file, at: entry.sequence)
        self.init(
            entry: entry,
            path: index.path(of: entry.file, at: entry.sequence),
            name: declaration?.name ?? "",
            kind: declaration?.kind ?? .plain,
            attributes: former.files[entry.file]
        )
    }
}
