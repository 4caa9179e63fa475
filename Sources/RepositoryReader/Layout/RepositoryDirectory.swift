package import LinuxSystem
package import SystemPackage

/// A root as the repository has it.
package struct RootDescription: Hashable, Sendable {
    package let id: RootID
    /// The absolute path that is protected, as it was given: it may pass through symbolic links.
    package let path: FilePath
    package let kind: RootKind
    package let created: Instant
    /// Where the repository keeps it.
    package let directory: FilePath
}

/// Where a path lies in the repository.
package struct RootMatch: Hashable, Sendable {
    package let root: RootDescription
    /// The file's name within the root; nil for a directory root itself.
    package let name: FilePath?
}

/// A repository: a directory that holds many roots.
package final class RepositoryDirectory: Sendable {
    package let path: FilePath
    /// 32 hexadecimal digits.
    package let id: String

    static let fileName = "repository.json"
    private static var advice: String {
        ": keep a copy of the repository, then run \(SuggestedCommand("repair"))"
    }

    /// Opens the repository at `path`; with `creating`, makes it if there is nothing yet.
    /// Throws `RepositoryError.notARepository`, `.notPrivate`, `.unsupported`, `.malformed`, or `SystemError`.
    package init(at path: FilePath, creating: Bool) throws {
        let path = try Self.absolute(path)
        let file = path.appending(Self.fileName)
        let size = try FileStatus.unlessMissing(file)?.sizeBytes
        guard creating || size != nil else {
            guard try Self.hasRoots(path) else { throw RepositoryError.notARepository(path) }
            throw RepositoryError.malformed(file, reason: "it is missing" + Self.advice)
        }
        if creating, (size ?? 0) == 0 { try Self.create(file, in: path) }
        try PrivateDirectory.requireReadable(path, followingLinks: true)
        try PrivateDirectory.requireReadable(path.appending("roots"))
        let content: RepositoryFile
        do {
            content = try SmallFile.read(file, as: RepositoryFile.self)
        } catch RepositoryError.malformed(let file, let reason) {
            let advice = try Self.hasRoots(path) ? Self.advice : ""
            throw RepositoryError.malformed(file, reason: reason + advice)
        }
        guard content.format == RepositoryFile.format else {
            throw RepositoryError.malformed(file, reason: "it is not holdfast's")
        }
        guard content.version == RepositoryFile.version else {
            throw RepositoryError.unsupported(file, what: "version \(content.version)")
        }
        if let unknown = content.requires.first {
            throw RepositoryError.unsupported(file, what: "feature \(unknown)")
        }
        self.path = path
        id = content.id
    }

    /// Whether other users may read it, or more, and no `chmod` can change that: the mount says so.
    package var isOpenedByMount: Bool {
        get throws { try PrivateDirectory.isOpenedByMount(path.appending("roots")) }
    }

    private static func create(_ file: FilePath, in path: FilePath) throws {
        try Directory.make(path.appending("roots"))
        let directory = try OpenFile(path, .read)
        try directory.waitForExclusiveLock()
        // An empty one is what a crash left where a free name can only be taken by making a file.
        if let status = try FileStatus.unlessMissing(file) {
            guard status.sizeBytes == 0 else { return }
            try Directory.remove(file)
        }
        let id = UInt64.random(in: 0 ... .max).hexadecimal + UInt64.random(in: 0 ... .max).hexadecimal
        do {
            try SmallFile.create(file, RepositoryFile(id: id, created: SmallFile.text(.now)))
        } catch let error as SystemError where error.code == .fileExists {
            // Another process was faster: its repository is as good.
        }
    }

    /// All roots. One whose description is damaged stands in nobody's way.
    package func roots() throws(SystemError) -> RootList {
        let directory = path.appending("roots")
        return RootList(try Directory.names(in: directory).map { directory.appending($0) })
    }

    /// Adds a root; one with that very path, or another name of it, is returned as it is. Throws
    /// `UnusableRootError` when there is none and a root of which the path is not known may be it.
    package func addRoot(_ path: FilePath, kind: RootKind, now: Instant = .now) throws -> RootDescription {
        let path = try Self.absolute(path)
        let directory = try OpenFile(self.path, .read)
        try directory.waitForExclusiveLock()
        let resolved = Self.resolvedAsFarAsPossible(path)
        let roots = try roots()
        if let known = roots.usable.first(where: {
            $0.kind == kind && ($0.path == path || Self.resolvedAsFarAsPossible($0.path) == resolved)
        }) {
            return known
        }
        if let unusable = roots.unusable.first { throw UnusableRootError(unusable, mayBe: path) }
        let id = RootID.random()
        let final = self.path.appending("roots").appending("\(id)")
        let draft = self.path.appending("roots").appending("\(id).new")
        for name in ["mirror", "bases", "segments"] { try Directory.make(draft.appending(name)) }
        let file = RootFile(id, path, kind, now)
        for name in [RootFile.name, RootFile.copyName] { try SmallFile.create(draft.appending(name), file) }
        try Directory.rename(draft, to: final)
        try Directory.synchronise(self.path.appending("roots"))
        return try RootFile.read(in: final)
    }
}
