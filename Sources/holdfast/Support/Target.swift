import LinuxFiles
import Repository
import SystemPackage

/// What a PATH on the command line names in a repository.
struct Target: Sendable {
    let root: RootDescription
    /// The file's name within the root; nil for a root that is a directory.
    let name: FilePath?

    /// Its absolute path, as the root's is written.
    var path: FilePath { name.map(root.path) ?? root.path }

    init(root: RootDescription, name: FilePath?) {
        self.root = root
        self.name = name
    }

    /// Finds the root or protected file that `path` names. Left out, it is `.devteam` if that exists here, else the
    /// only root.
    init(_ path: String?, in repository: RepositoryDirectory) throws {
        if let path {
            self = try Self.find(FilePath(path), in: repository)
            return
        }
        if FileStatus.ifPresent(".devteam") != nil {
            self = try Self.find(".devteam", in: repository)
            return
        }
        let roots = try repository.roots()
        guard let root = roots.first else {
            throw Failure(
                .notFound,
                "nothing is protected in \(repository.path.printable): run holdfast watch PATH"
            )
        }
        guard roots.count == 1 else {
            let list = roots.map { $0.path.printable }.joined(separator: ", ")
            throw Failure(.notFound, "which root? Name one of \(list)")
        }
        self.init(root: root)
    }

    private init(root: RootDescription) {
        self.root = root
        name =
            root.kind == .directory
            ? nil : root.path.lastComponent.map { FilePath(root: nil, components: $0) }
    }

    private init(_ match: RootMatch) {
        root = match.root
        name = match.name
    }

    private static func find(_ path: FilePath, in repository: RepositoryDirectory) throws -> Target {
        guard !path.isEmpty else { throw Failure(.wrongUsage, "PATH is empty: name a file or a root") }
        guard let match = try repository.root(for: path) else {
            throw Failure(
                .notFound,
                "\(path.printable) is not protected in \(repository.path.printable): "
                    + "run holdfast watch \(path.printable), or say --repo DIR"
            )
        }
        return Target(match)
    }
}
