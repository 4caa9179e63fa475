package import LinuxSystem
import RepositoryFormat
package import RepositoryReader
package import SystemPackage

/// Restores a root's `root.json`: from its copy, or from a path that the user gives.
///
/// All fields but the path have another source. The id is the directory's name, and the first segment's
/// header has the time. The path is only in the copy. Without a path the root remains unchanged, since
/// nothing else in it is damaged.
package struct DescriptionRepair {
    /// The root's directory.
    package let directory: FilePath
    private let copy: RootDescription?

    package init(_ damaged: RootList.Damaged) {
        directory = damaged.directory
        copy = damaged.root
    }

    /// For a usable root that gets another path.
    package init(_ root: RootDescription) {
        directory = root.directory
        copy = nil
    }

    /// Whether the copy has all fields.
    package var isProven: Bool { copy != nil }

    private var file: FilePath { directory.appending(RootFile.name) }

    /// Names of the root's files, at most this many, by which a person may recognise it.
    package func names(most: Int) -> [FilePath] {
        guard let root = try? description("/") else { return [] }
        let files = (try? ReplacedSegmentError.retrying { try RootHistory(root).files() }) ?? [:]
        return files.values.sorted { $0.id < $1.id }.prefix(most).map(\.name)
    }

    /// Writes the description anew and quarantines the previous one. `path`: the path that the root protects,
    /// for a root without a usable copy. Throws `RepositoryError`, or `SystemError`.
    package func run(path: FilePath? = nil, now: Instant = .now) throws -> RootDescription {
        guard let root = try path.map({ try description($0) }) ?? copy else {
            throw RepositoryError.malformed(file, reason: "nothing says what the root protects")
        }
        if try FileStatus.unlessMissing(file, followingLinks: false) != nil {
            try QuarantineDirectory(in: directory, now: now).take(file)
        }
        let content = RootFile(root)
        try SmallFile.create(file, content)
        if try root.descriptionCopyPath.isNoRegularFile() {
            try QuarantineDirectory(in: directory, now: now).take(root.descriptionCopyPath)
        }
        try SmallFile.replace(root.descriptionCopyPath, content)
        return root
    }

    private func description(_ path: FilePath) throws -> RootDescription {
        guard let id = directory.lastComponent.flatMap({ RootID($0.string) }) else {
            throw RepositoryError.malformed(directory, reason: "its name is not that of a root")
        }
        let path = try RepositoryDirectory.absolute(path)
        func root(_ kind: RootKind, _ created: Instant) -> RootDescription {
            RootDescription(id: id, path: path, kind: kind, created: created, directory: directory)
        }
        let unknown = root(.directory, .now)
        let first = try unknown.segments().first.flatMap { try? StreamReader(root: unknown).header(of: $0) }
        let created = first?.created ?? .now
        let kind: RootKind
        if let status = try FileStatus.unlessMissing(path) {
            kind = status.kind == .directory ? .directory : .file
        } else {
            // A root of kind `file` has a single file, with its own name.
            let names = try RootHistory(unknown).files().values.map(\.name)
            let own = path.lastComponent.map { FilePath(root: nil, [$0]) }
            kind = names.count == 1 && names[0] == own ? .file : .directory
        }
        return root(kind, created)
    }
}

extension RootDescription {
    /// Writes the copy of the description anew if it cannot be used, and quarantines the previous one.
    /// Returns whether it did.
    package func mendCopy(isDryRun: Bool = false, now: Instant = .now) throws -> Bool {
        guard try isCopyThere(), copy == nil else { return false }
        guard !isDryRun else { return true }
        try QuarantineDirectory(in: directory, now: now).take(descriptionCopyPath)
        try SmallFile.create(descriptionCopyPath, RootFile(self))
        return true
    }
}
