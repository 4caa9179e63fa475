import LinuxSystem
package import RepositoryReader
package import SystemPackage

extension RepositoryDirectory {
    /// Where its watchers listen. Each has a name of its own there, for several may run.
    var watchersPath: FilePath { path.appending("watchers") }
}

/// A watcher that runs on a repository.
package struct RunningWatcher: Sendable {
    /// 0 if it is in another pid namespace, or cannot be asked.
    package let pid: Int32
    /// Nil if it does not answer.
    package let description: WatcherDescription?
    private let client: ControlClient

    /// The longest that a watcher takes to say what it does.
    package static let patience = Duration.seconds(5)

    /// Those that run, the oldest first. Blocks its thread. They are asked beside each other, so those that
    /// hang cost one `patience` together.
    package static func all(
        in repository: RepositoryDirectory,
        patience: Duration = Self.patience
    ) throws -> [RunningWatcher] {
        let directory = repository.watchersPath
        guard try FileStatus.unlessMissing(directory) != nil else { return [] }
        let asked = try Directory.names(in: directory).map { name in
            let path = directory.appending(name)
            return (path, WorkerThread.begin("watchers") { try Self(at: path, patience) })
        }
        let watchers = asked.compactMap { path, answer in
            do {
                return try answer.take().get()
            } catch {
                // It must not hide the others.
                return Self(unanswering: path)
            }
        }
        return watchers.sorted { $0.started < $1.started }
    }

    /// Whether one is about to protect the root. Then it listens for it as soon as it has the root's lock.
    static func isStarting(_ root: RootDescription) -> Bool {
        guard let repository = try? RepositoryDirectory(at: root.repositoryPath) else { return false }
        let watchers = (try? all(in: repository, patience: .seconds(1))) ?? []
        let resolved = RepositoryDirectory.resolvedAsFarAsPossible(root.path)
        return watchers.contains { watcher in
            (watcher.description?.roots ?? []).contains {
                $0.state == .starting
                    && RepositoryDirectory.resolvedAsFarAsPossible(FilePath($0.path)) == resolved
            }
        }
    }

    private var started: Int64 { description?.started ?? .max }

    /// Nil if nobody listens there any more.
    private init?(at path: FilePath, _ patience: Duration) throws {
        client = ControlClient(at: path)
        guard let pid = try client.listener() else { return nil }
        self.pid = pid
        let answer = try? client.ask(.watcher, patience)
        description = if case .watcher(let description)? = answer { description } else { nil }
    }

    private init(unanswering path: FilePath) {
        (client, pid, description) = (ControlClient(at: path), 0, nil)
    }

    /// Its last messages, the oldest first. Throws `ControlClient.Failure`.
    package func messages() throws -> [WatcherMessage] {
        guard case .messages(let messages) = try client.ask(.messages, Self.patience) else {
            throw ControlClient.Failure.refused("unexpected answer")
        }
        return messages
    }

    /// Has it read its configuration again, and protect these absolute paths as well, or no longer.
    ///
    /// Throws `ControlClient.Failure`.
    package func reload(adding: [FilePath] = [], removing: [FilePath] = [], timeout: Duration) throws {
        let request = ControlRequest.reload(
            adding: adding.map(\.argument),
            removing: removing.map(\.argument)
        )
        guard case .reloaded = try client.ask(request, timeout) else {
            throw ControlClient.Failure.refused("unexpected answer")
        }
    }
}
