import LinuxSystem
import RepositoryFormat
import RepositoryReader
import Service
import Settings
import SystemPackage

/// The roots that `status` is about, and how each is doing.
///
/// A configuration with roots says what is to be protected. Without one that is all that the repository has.
struct StatusScope {
    /// A root of which the repository has nothing.
    struct Awaited {
        let path: FilePath
        /// Why.
        let reason: String
        /// The watcher that waits for it; nil if none does.
        var pid: Int32?

        var state: RootStatus.State { pid == nil ? .stopped : .degraded }
    }

    /// Those that are to be protected, and others that a watcher has.
    private(set) var statuses: [RootStatus] = []
    /// Those that the configuration does not name, and no watcher has.
    private(set) var former: [RootStatus] = []
    private(set) var awaited: [Awaited] = []
    /// What is to be said of watchers as a whole.
    private(set) var remarks: [String] = []
    /// Why not all is known of a root that is to be protected.
    private(set) var failure: (any Error)?
    /// The file that says what is to be protected; nil if none does.
    private(set) var configuration: FilePath?
    /// Whether one root was named: nothing is said of others.
    private let isOneRoot: Bool

    /// One root.
    init(_ root: RootDescription) {
        isOneRoot = true
        add(RootStatus.all(of: [root])) { _ in true }
    }

    /// All roots of a repository. Throws `ConfigurationError`, and `SystemError`.
    init(_ repository: RepositoryDirectory, _ options: GlobalOptions) throws {
        isOneRoot = false
        let asked = WorkerThread.begin("watchers") {
            try RunningWatcher.all(in: repository).compactMap(\.description)
        }
        let list = try repository.roots()
        failure = list.unusable.first?.failure
        let paths = try Self.expectedPaths(options, repository)
        configuration = paths == nil ? nil : options.configurationFile?.path
        var (expected, unknown): (Set<RootID>, [FilePath]) = ([], [])
        for path in paths ?? [] {
            if let match = try? repository.root(for: path, among: list), match.isRoot {
                expected.insert(match.root.id)
            } else {
                unknown.append(path)
            }
        }
        add(RootStatus.all(of: list.usable)) { paths == nil || expected.contains($0.id) }
        let watchers = try asked.take().get()
        remarks = watchers.compactMap(\.metrics?.problem)
        let known = Set(list.usable.map(\.path.string))
        awaited = watchers.flatMap { watcher in
            watcher.roots.filter { !known.contains($0.path) && $0.state != .ready }.map { root in
                let reason = root.reason ?? "the first capture is under way"
                return Awaited(path: FilePath(root.path), reason: reason, pid: watcher.pid)
            }
        }
        let watched = Set(watchers.flatMap(\.roots).map(\.path))
        let nothing = list.unusable.isEmpty ? "; nothing was captured yet" : ""
        awaited += unknown.filter { !watched.contains($0.string) }.map {
            Awaited(path: $0, reason: "no watcher protects it\(nothing)")
        }
    }

    private mutating func add(
        _ answers: [(status: RootStatus, problem: (any Error)?)],
        isExpected: (RootDescription) -> Bool
    ) {
        for (status, problem) in answers {
            guard isExpected(status.root) || status.state != .stopped else {
                former.append(status)
                continue
            }
            statuses.append(status)
            failure = failure ?? problem
        }
    }

    /// The roots of the configuration; nil if it has none, or means another repository.
    private static func expectedPaths(
        _ options: GlobalOptions,
        _ repository: RepositoryDirectory
    ) throws -> [FilePath]? {
        guard let configuration = try options.configuration(), !configuration.roots.isEmpty
        else { return nil }
        let named = configuration.repository?.value ?? repository.path
        let places = [named, repository.path].map(RepositoryDirectory.resolvedAsFarAsPossible)
        return places[0] == places[1] ? configuration.roots.map(\.path.value) : nil
    }

    /// Whether it need not be said which root is meant.
    var isOneStatus: Bool { statuses.count <= 1 && former.isEmpty && awaited.isEmpty }

    /// Whether there is nothing to protect, as far as is known.
    var isEmpty: Bool { statuses.isEmpty && awaited.isEmpty && failure == nil }

    /// Whether what concerns that root belongs here; nil for a watcher as a whole.
    func includes(_ root: String?) -> Bool {
        guard let root else { return true }
        return isOneRoot
            ? statuses.contains { $0.root.path.string == root }
            : !former.contains { $0.root.path.string == root }
    }
}
