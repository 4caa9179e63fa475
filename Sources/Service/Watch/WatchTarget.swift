package import History
import LinuxSystem
package import RepositoryReader
package import SystemPackage

/// A root that is to be protected.
package struct WatchTarget: Sendable {
    /// As it was given.
    package let path: FilePath
    package let settings: RootSettings
    /// Its root, made if it is new. Throws when there is nothing to protect for now.
    let find: @Sendable () throws -> RootDescription
    /// The root that the repository has of it; nil for none.
    let known: @Sendable () throws -> RootDescription?

    package init(
        path: FilePath,
        settings: RootSettings = RootSettings(),
        find: @escaping @Sendable () throws -> RootDescription,
        known: @escaping @Sendable () throws -> RootDescription?
    ) {
        self.path = path
        self.settings = settings
        self.find = find
        self.known = known
    }

    /// Whether both protect the same in the same way.
    func isSame(as other: WatchTarget) -> Bool { path == other.path && settings == other.settings }
}

/// How a root is protected.
package struct RootSettings: Hashable, Sendable {
    /// Quiet that ends a burst of changes.
    package var debounce = Duration.milliseconds(20)
    /// The longest that a change waits to be made durable.
    package var maximumDelay = Duration.milliseconds(100)
    /// The longest that a file goes without being compared as a whole.
    package var auditInterval = Duration.seconds(24 * 3600)
    /// Quiet after which captured databases are checked; nil for never.
    package var checkAfter: Duration? = .seconds(5)
    /// How often a restore is tried; nil for never.
    package var drillInterval: Duration? = .seconds(24 * 3600)
    /// Shell patterns of names that are left out.
    package var exclusions: [String] = []
    /// Which snapshots are kept, when the history has grown; nil for all.
    package var retention: RetentionRules? = RetentionRules()
    /// Whether the watcher goes on without this root, until it can be protected. Otherwise it ends when no
    /// root can be protected.
    package var isAwaited = false

    package init() {}
}
