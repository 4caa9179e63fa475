import LinuxSystem
import RepositoryFormat
import RepositoryReader
import Service
import Settings
import SystemPackage

/// The roots of which somebody wants to hear that they are protected.
///
/// 1. A configuration with roots names them. If it is of another repository, it says nothing of this one.
/// 2. Else they are all that the repository has.
/// 3. A root that a watcher has is one of them in any case, also when the watcher was killed.
struct ExpectedRoots {
    /// The configuration file that names them; nil if none does.
    let configuration: FilePath?
    private let named: Set<RootID>
    /// Those that are named, and that the repository does not have.
    let unknown: [FilePath]

    /// - Parameter roots: all of the repository. Throws `ConfigurationError`, and `SystemError`.
    init(_ roots: RootList, in repository: RepositoryDirectory, _ options: GlobalOptions) throws {
        var (named, unknown): (Set<RootID>, [FilePath]) = ([], [])
        var configured = try options.configuration()?.roots(in: repository) ?? []
        for path in configured {
            if let match = try? repository.root(for: path, among: roots), match.isRoot {
                named.insert(match.root.id)
            } else {
                unknown.append(path)
            }
        }
        if named.isEmpty, !unknown.isEmpty, try !Self.isMeant(repository, by: options) {
            (configured, unknown) = ([], [])
        }
        configuration = configured.isEmpty ? nil : options.configurationFile?.path
        (self.named, self.unknown) = (named, unknown)
    }

    /// Whether the configuration, none of whose roots the repository has, is of that repository.
    private static func isMeant(_ repository: RepositoryDirectory, by options: GlobalOptions) throws -> Bool {
        guard let file = options.configurationFile, try file.read()?.repository == nil else { return true }
        switch try options.repositorySetting().origin {
        case .file, .default: return true
        // Whoever names a repository in a command may mean any one.
        case .option, .environment:
            return try RunningWatcher.all(in: repository).contains {
                $0.description?.configuration == file.path.string
            }
        }
    }

    func contains(_ status: RootStatus) -> Bool {
        configuration == nil || named.contains(status.root.id) || status.state != .stopped
            || status.root.hasControlSocket
    }
}

extension Configuration {
    /// The roots that it names, if it means that repository.
    fileprivate func roots(in directory: RepositoryDirectory) -> [FilePath] {
        let places = [repository?.value ?? directory.path, directory.path]
        let resolved = places.map(RepositoryDirectory.resolvedAsFarAsPossible)
        return resolved[0] == resolved[1] ? roots.map(\.path.value) : []
    }
}
