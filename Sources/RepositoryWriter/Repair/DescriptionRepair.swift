package import LinuxSystem
import RepositoryFormat
package import RepositoryReader
package import SystemPackage

/// Makes a root's `root.json` right again: from its copy, or from the path that somebody knows.
///
/// All that it says but the path can be told from elsewhere: the id is the directory's name, and the first
/// segment's header has the time. The path stands in the copy only. Without that a root is left as it is, for
/// nothing in it is damaged.
package struct DescriptionRepair {
    /// The root's directory.
    package let directory: FilePath
    private let copy: RootDescription?

    package init(_ damaged: RootList.Damaged) {
        directory = damaged.directory
        copy = damaged.root
    }

    /// For a root that can be used, of which the path is to be another one.
    package init(_ root: RootDescription) {
        directory = root.directory
        copy = nil
    }

    /// Whether the copy tells all.
    package var isProven: Bool { copy != nil }

    private var file: FilePath { directory.appending(RootFile.name) }

    /// The names of files that the root has, at most so many, by which people may know it.
    package func names(most: Int) -> [FilePath] {
        guard let root = try? description("/") else { return [] }
        let files = (try? ReplacedSegmentError.lookingAgain { try RootHistory(root).files() }) ?? [:]
        return files.values.sorted { $0.id < $1.id }.prefix(most).map(\.name)
    }

    /// Writes the description anew, and sets aside what was there. `path`: what the root protects, for one
    /// whose copy does not say it. Throws `RepositoryError`, or `SystemError`.
    package func run(path: FilePath? = nil, now: Instant = .now) throws -> RootDescription {
        guard let root = try path.map({ try description($0) }) ?? copy else {
            throw RepositoryError.malformed(file, reason: "nothing says what the root protects")
        }
        if try FileStatus.unlessMissing(file, followingLinks: false) != nil {
            try SetAsidePlace(in: directory, now: now).take(file)
        }
        let content = RootFile(root)
        try SmallFile.create(file, content)
        if try root.descriptionCopyPath.isNoRegularFile() {
            try SetAsidePlace(in: directory, now: now).take(root.descriptionCopyPath)
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
            // A root that is a file has a single one, of its own name.
            let names = try RootHistory(unknown).files().values.map(\.name)
            let own = path.lastComponent.map { FilePath(root: nil, [$0]) }
            kind = names.count == 1 && names[0] == own ? .file : .directory
        }
        return root(kind, created)
    }
}

extension RootDescription {
    /// Writes the copy of the description anew where it cannot be used; what was there is set aside. Returns
    /// whether it was so.
    package func mendCopy(isDryRun: Bool = false, now: Instant = .now) throws -> Bool {
        guard try isCopyThere(), copy == nil else { return false }
        guard !isDryRun else { return true }
        try SetAsidePlace(in: directory, now: now).take(descriptionCopyPath)
        try SmallFile.create(descriptionCopyPath, RootFile(self))
        return true
    }
}
