import LinuxSystem
import RepositoryReader
import Service
import Settings
import SystemPackage

/// Tells running watchers that the configuration has changed.
struct WatcherNews {
    /// Nil if there is none yet.
    private let repository: RepositoryDirectory?
    private let watchers: [RunningWatcher]
    private let configuration: ConfigurationFile
    /// Whether the configuration may name another repository, in a way that cannot be read.
    let mayBeElsewhere: Bool

    /// The longest that a watcher takes to read its configuration.
    private static let timeout = Duration.seconds(30)

    init(_ options: GlobalOptions, _ configuration: ConfigurationFile) throws {
        // Something else in the file may be wrong.
        let understood = try configuration.understood()
        let (path, origin) = try options.repositorySetting { understood?.configuration.repository }
        // Also one whose key is misspelt is named in what is wrong.
        let isUnclear = understood?.problems.contains { $0.message.contains("repository") } ?? false
        mayBeElsewhere = origin == .default && isUnclear
        repository = try FileStatus.unlessMissing(path) == nil ? nil : RepositoryDirectory(at: path)
        watchers = try repository.map { try RunningWatcher.all(in: $0) } ?? []
        self.configuration = configuration
    }

    /// Has the watcher of the configuration protect these paths, else the one that has run for longest.
    func tell(adding paths: [FilePath], _ console: Console) throws {
        let own = watchers.first { $0.description?.configuration == configuration.path.string }
        guard let watcher = own ?? watchers.first else {
            console.message("no watcher runs: start \(SuggestedCommand("watch"))")
            return
        }
        try watcher.reload(adding: paths, timeout: Self.timeout)
        console.message("the running watcher (pid \(watcher.pid)) protects it")
    }

    /// Has the watchers of the configuration read it again. Returns those that did. Of others it warns: the
    /// configuration has changed already.
    func tellOfRemotes(_ console: Console) -> [RunningWatcher] {
        // One that found no file when it started reads the usual one as soon as there is one.
        let isUsual = ConfigurationFile(named: nil)?.path == configuration.path
        let readers = watchers.filter { watcher in
            guard let description = watcher.description else { return false }
            return description.configuration.map { $0 == configuration.path.string } ?? isUsual
        }
        return readers.filter { watcher in
            do {
                try watcher.reload(timeout: Self.timeout)
                return true
            } catch {
                console.warning("the running watcher (pid \(watcher.pid)) did not take it: \(error)")
                return false
            }
        }
    }

    /// Returns whether a watcher protected it, or has ended without being told to while it did.
    func tell(removing path: FilePath) throws -> Bool {
        let protectors = watchers.filter { watcher in
            watcher.description?.roots.contains { $0.path == path.string } ?? false
        }
        for watcher in protectors { try watcher.reload(removing: [path], timeout: Self.timeout) }
        return try !protectors.isEmpty || hasForgotten(path)
    }

    /// Has nobody expect the root any more because of a watcher that was killed.
    private func hasForgotten(_ path: FilePath) throws -> Bool {
        guard let match = try repository?.root(for: path), match.isRoot else { return false }
        do {
            return try match.root.removeAbandonedSocket()
        } catch RepositoryError.locked {
            return false
        }
    }

    /// What may not be so for a watcher that cannot be found.
    static func doubt(_ what: String) -> String {
        "if a watcher runs, it goes on to \(what): which repository it has cannot be read: say --repo DIR"
    }

    /// What else watchers protect, or wait for.
    func others(besides known: [FilePath]) -> [FilePath] {
        let paths = watchers.flatMap { $0.description?.roots ?? [] }.map { FilePath($0.path) }
        return Set(paths).subtracting(known).sorted { $0.string < $1.string }
    }
}
