import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// What a PATH on the command line names in a repository.
struct Target: Sendable {
    let root: RootDescription
    /// The file's name within the root; nil for a root that is a directory.
    let name: FilePath?

    /// Its absolute path, as the root's is written.
    var path: FilePath { name.map(root.path) ?? root.path }
}

extension Target {
    /// Finds the root or protected file that `path` names. Left out, it is the root of the current directory,
    /// else the `.devteam` of the nearest directory upwards, else the only root.
    init(_ path: String?, in repository: RepositoryDirectory) throws {
        if let path {
            self = try Self.find(FilePath(argument: path), in: repository)
            return
        }
        // A directory that was removed is in no root.
        if let directory = try? Directory.current() {
            let (match, unprotected) = try repository.root(around: directory, named: ".devteam")
            if let match {
                self.init(root: match.root, name: match.name)
                return
            }
            if let unprotected { throw Self.isNotProtected(unprotected, in: repository) }
        }
        let roots = try repository.roots().usable
        guard let root = roots.first else {
            throw Failure(.notFound, Self.nothingIsProtected(in: repository))
        }
        guard roots.count == 1 else {
            let list = roots.map { $0.path.printable }.joined(separator: ", ")
            throw Failure(.notFound, "several roots are protected: name one: \(list)")
        }
        let name = root.kind == .file ? root.path.lastComponent : nil
        self.init(root: root, name: name.map { FilePath(root: nil, components: $0) })
    }

    static func nothingIsProtected(in repository: RepositoryDirectory) -> String {
        "nothing is protected in \(repository.path.printable): run \(SuggestedCommand("watch", "PATH"))"
    }

    /// Whether an argument that may be something else as well names a root, or what a root has snapshots of.
    static func isNamed(by argument: String, in repository: RepositoryDirectory) throws -> Bool {
        // Where nobody can tell, as in a directory that is gone, it is something else.
        guard !argument.isEmpty, let match = try? repository.root(for: FilePath(argument: argument)) else {
            return false
        }
        guard let name = match.name, match.root.kind == .directory else { return true }
        let index = try SnapshotIndex(match.root)
        return index.scope(of: name) != nil || index.hasFiles(below: name)
    }

    private static func find(_ path: FilePath, in repository: RepositoryDirectory) throws -> Target {
        guard !path.isEmpty else { throw Failure(.wrongUsage, "PATH is empty: name a file or a root") }
        if let match = try repository.root(for: path) { return Target(root: match.root, name: match.name) }
        if let target = try findByName(path, in: repository) { return target }
        throw isNotProtected(path, in: repository)
    }

    private static func isNotProtected(_ path: FilePath, in repository: RepositoryDirectory) -> Failure {
        let isThere = FileStatus.ifPresent(path) != nil
        let roots = (try? repository.roots().usable.map(\.path.string)) ?? []
        let absolute = (try? Directory.absolute(path).lexicallyNormalized()) ?? path
        let question = didYouMean(roots.nearest(to: absolute.string))
        let advice =
            switch path.extension {
            case "sql" where isThere: "a dump is restored with --from-sql \(path.printable)"
            case _ where isThere || path.components.count > 1:
                "run \(SuggestedCommand("watch", path)), or say --repo DIR"
            default: "there is no such file here either; if it is a moment, say --at \(path.printable)"
            }
        return Failure(
            .notFound,
            "\(path.printable) is not protected in \(repository.path.printable): \(question)\(advice)"
        )
    }

    /// A name as `log` has it, within the root that is meant without a path.
    private static func findByName(_ path: FilePath, in repository: RepositoryDirectory) throws -> Target? {
        // What lies here under that name is something else.
        guard !path.isAbsolute, FileStatus.ifPresent(path) == nil,
            let root = try? Target(nil, in: repository).root, root.kind == .directory,
            let index = try? SnapshotIndex(root), index.scope(of: path) != nil || index.hasFiles(below: path)
        else { return nil }
        return Target(root: root, name: path)
    }
}
