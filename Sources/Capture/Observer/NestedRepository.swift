import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Recognises a repository of Holdfast under a root, or a part of one that is being copied.
enum NestedRepository {
    static let file: FilePath.Component = "repository.json"
    /// All that a root's directory may have, since a copy may bring any of it first.
    private static let rootNames: Set<FilePath.Component> = [
        RootFile.name, RootFile.copyName, "lock", "durable", "mirror", "bases", "segments", "set-aside",
        "rehearsal", "sealing", "control.sock",
    ]

    /// Whether the directory at `path` is one. It is `name` relative to the root, and has those names in it.
    static func isAt(_ path: FilePath, name: FilePath, _ names: [FilePath.Component]) -> Bool {
        if names.contains(file), RepositoryDirectory.mark(at: path.appending(file)) == .isRepository {
            return true
        }
        return isPart(name, names)
    }

    /// A copy may bring `roots/<id>` before `repository.json`. Nothing else has that name and that content.
    private static func isPart(_ name: FilePath, _ names: [FilePath.Component]) -> Bool {
        guard let last = name.lastComponent, RootID(last.string) != nil,
            name.removingLastComponent().lastComponent == "roots"
        else { return false }
        return names.isEmpty || names.contains { rootNames.contains($0) }
    }
}
