import LinuxSystem
import RepositoryReader
import SystemPackage

/// The roots that other commands have had a running watcher protect, or protect no longer.
struct RootChanges: Sendable {
    private(set) var added: [FilePath] = []
    /// Absolute paths.
    private var removed: Set<FilePath> = []

    mutating func add(_ paths: [FilePath]) {
        removed.subtract(paths.map(Self.absolute))
        let known = Set(added.map(Self.absolute))
        added += paths.filter { !known.contains(Self.absolute($0)) }
    }

    /// - Parameter paths: absolute.
    mutating func remove(_ paths: [FilePath]) {
        added.removeAll { paths.contains(Self.absolute($0)) }
        removed.formUnion(paths)
    }

    /// The paths that are to be protected instead of these.
    func applied(to paths: [FilePath]) -> [FilePath] {
        let kept = paths.filter { !removed.contains(Self.absolute($0)) }
        let known = Set(kept.map(Self.absolute))
        return kept + added.filter { !known.contains(Self.absolute($0)) }
    }

    /// The root that an argument names.
    static func absolute(argument: String) throws -> FilePath {
        guard !argument.isEmpty else {
            throw Failure(.wrongUsage, "PATH is empty: name a directory or a file")
        }
        return try RepositoryDirectory.absolute(FilePath(argument: argument))
    }

    private static func absolute(_ path: FilePath) -> FilePath {
        (try? RepositoryDirectory.absolute(path)) ?? path
    }
}
