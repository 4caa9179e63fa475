import LinuxSystem
import RepositoryReader
import Service
import SystemPackage

/// The roots that `status` is about, and how each is doing.
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

    /// Those that are to be protected.
    private(set) var statuses: [RootStatus] = []
    /// Those that are to be protected no longer.
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
        let expected = try ExpectedRoots(list, in: repository, options)
        configuration = expected.configuration
        add(RootStatus.all(of: list.usable), expected.contains)
        let watchers = try asked.take().get()
        remarks = watchers.compactMap(\.metrics?.problem)
        let known = Set(statuses.map(\.root.path.string))
        awaited = watchers.flatMap { watcher in
            watcher.roots.filter { !known.contains($0.path) && $0.state != .ready }.map { root in
                let reason = root.reason ?? "the first capture is under way"
                return Awaited(path: FilePath(root.path), reason: reason, pid: watcher.pid)
            }
        }
        let waiting = Set(awaited.map(\.path))
        former.removeAll { waiting.contains($0.root.path) }
        let watched = Set(watchers.flatMap(\.roots).map(\.path))
        let nothing = list.unusable.isEmpty ? "; nothing was captured yet" : ""
        awaited += expected.unknown.filter { !watched.contains($0.string) }.map {
            Awaited(path: $0, reason: "no watcher protects it\(nothing)")
        }
    }

    private mutating func add(
        _ answers: [(status: RootStatus, problem: (any Error)?)],
        _ isExpected: (RootStatus) -> Bool
    ) {
        for (status, problem) in answers {
            guard isExpected(status) else {
                former.append(status)
                continue
            }
            statuses.append(status)
            failure = failure ?? problem
        }
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
