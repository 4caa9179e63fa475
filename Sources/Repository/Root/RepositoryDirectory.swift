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
    /// Throws `RepositoryError.notARepository`, `.unsupported`, `.malformed`, or `SystemError`.
    package init(at path: FilePath, creating: Bool) throws {
        fatalError()
    }

    /// All roots, ordered by path.
    package func roots() throws -> [RootDescription] { fatalError() }

    /// The root that `path` is, or that protects the file at `path`. Symbolic links are followed, and the file
    /// need not exist any more. Relative paths start at the working directory. Nil when there is none.
    package func root(for path: FilePath) throws -> RootMatch? { fatalError() }

    /// Adds a root; one with that very path is returned as it is.
    package func addRoot(_ path: FilePath, kind: RootKind, now: Instant = .now) throws -> RootDescription {
        fatalError()
    }
}
