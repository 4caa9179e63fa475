package import LinuxFiles
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

    /// Opens the repository at `path`; with `creating`, makes it if there is nothing yet.
    /// Throws `RepositoryError.notARepository`, `.notPrivate`, `.unsupported`, `.malformed`, or `SystemError`.
    package init(at path: FilePath, creating: Bool) throws {
        let path = try Self.absolute(path)
        let file = path.appending("repository.json")
        let size = try FileStatus.unlessMissing(file)?.sizeBytes
        guard creating || size != nil else { throw RepositoryError.notARepository(path) }
        if creating, (size ?? 0) == 0 { try Self.create(file, in: path) }
        try PrivateDirectory.requireReadable(path, followingLinks: true)
        try PrivateDirectory.requireReadable(path.appending("roots"))
        let content = try SmallFile.read(file, as: RepositoryFile.self)
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

    /// All roots, ordered by path.
    package func roots() throws -> [RootDescription] {
        let (roots, failure) = try readableRoots()
        if let failure { throw failure }
        return roots
    }

    /// The roots whose description can be read, ordered by path, and why another one cannot.
    package func readableRoots() throws(SystemError) -> (roots: [RootDescription], failure: (any Error)?) {
        var roots: [RootDescription] = []
        var failure: (any Error)?
        for name in try Directory.names(in: path.appending("roots")) where RootID(name.string) != nil {
            do {
                roots.append(try description(in: path.appending("roots").appending(name)))
            } catch {
                failure = failure ?? error
            }
        }
        return (roots.sorted { $0.path.string < $1.path.string }, failure)
    }

    private func description(in directory: FilePath) throws -> RootDescription {
        try PrivateDirectory.requireReadable(directory)
        let file = try SmallFile.read(directory.appending("root.json"), as: RootFile.self)
        return try file.description(in: directory)
    }

    /// Adds a root; one with that very path, or another name of it, is returned as it is.
    package func addRoot(_ path: FilePath, kind: RootKind, now: Instant = .now) throws -> RootDescription {
        let path = try Self.absolute(path)
        let directory = try OpenFile(self.path, .read)
        try directory.waitForExclusiveLock()
        let resolved = Self.resolvedAsFarAsPossible(path)
        let (roots, failure) = try readableRoots()
        if let known = roots.first(where: {
            $0.kind == kind && ($0.path == path || Self.resolvedAsFarAsPossible($0.path) == resolved)
        }) {
            return known
        }
        // The one that cannot be read may be this one.
        if let failure { throw failure }
        let id = RootID.random()
        let final = self.path.appending("roots").appending("\(id)")
        let draft = self.path.appending("roots").appending("\(id).new")
        for name in ["mirror", "bases", "segments"] { try Directory.make(draft.appending(name)) }
        try SmallFile.create(draft.appending("root.json"), RootFile(id, path, kind, now))
        try Directory.rename(draft, to: final)
        try Directory.synchronise(self.path.appending("roots"))
        return try description(in: final)
    }
}
