package import LinuxSystem
package import RepositoryFormat
package import SystemPackage

/// A root as the repository describes it.
package struct RootDescription: Hashable, Sendable {
    package let id: RootID
    /// The absolute path that is protected, as it was given: it may pass through symbolic links.
    package let path: FilePath
    package let kind: RootKind
    package let created: Instant
    /// Its directory in the repository.
    package var directory: FilePath
    package var baseFiles = BaseFiles()
    /// The directory of its repository: its own is in `roots` of it.
    package var repositoryPath: FilePath { directory.removingLastComponent().removingLastComponent() }

    package init(id: RootID, path: FilePath, kind: RootKind, created: Instant, directory: FilePath) {
        self.id = id
        self.path = path
        self.kind = kind
        self.created = created
        self.directory = directory
    }
}

/// The position of a path in the repository.
package struct RootMatch: Hashable, Sendable {
    package let root: RootDescription
    /// The file's name within the root; nil for a directory root itself.
    package let name: FilePath?
    /// Whether the path is the root, and not a file in it.
    package var isRoot: Bool { name == nil || root.kind == .file }
}

/// A repository: a directory that holds many roots.
package final class RepositoryDirectory: Sendable {
    package let path: FilePath
    /// 32 hexadecimal digits.
    package let id: String
    private let baseFiles: BaseFiles

    package static let fileName = "repository.json"
    private static var advice: String {
        ": keep a copy of the repository, then run \(SuggestedCommand("repair"))"
    }

    /// Opens the repository at `path`. Throws `RepositoryError.notARepository`, `.notPrivate`,
    /// `.unsupported`, `.malformed`, or `SystemError`.
    package init(at path: FilePath, baseFiles: BaseFiles = BaseFiles()) throws {
        let path = try Self.absolute(path)
        let file = path.appending(Self.fileName)
        guard try FileStatus.unlessMissing(file) != nil else {
            guard try Self.hasRoots(path) else { throw RepositoryError.notARepository(path) }
            throw RepositoryError.malformed(file, reason: "it is missing" + Self.advice)
        }
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
        self.baseFiles = baseFiles
        id = content.id
    }

    /// Whether other users may read it, or more, because of the mount. Then `chmod` cannot change that.
    package var isOpenedByMount: Bool {
        get throws { try PrivateDirectory.isOpenedByMount(path.appending("roots")) }
    }

    /// All roots. One with a damaged description does not affect the others.
    package func roots() throws(SystemError) -> RootList {
        let directory = path.appending("roots")
        return RootList(try Directory.names(in: directory).map { directory.appending($0) }, baseFiles)
    }
}
