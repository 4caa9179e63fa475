import CBuild
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import Service
import Synchronization

/// The metrics of a repository, gathered when they are asked for, but at most once a second: whoever may
/// connect shall not keep this process busy.
final class MetricsSource: Sendable {
    private struct Gathering {
        let task: Task<String, any Error>
        /// Nil while it is under way.
        var end: MonotonicInstant?
    }

    private let repository: RepositoryDirectory
    private let options: GlobalOptions
    private let last = Mutex<Gathering?>(nil)

    private static let shortestPause = Duration.seconds(1)

    init(_ repository: RepositoryDirectory, _ options: GlobalOptions) {
        (self.repository, self.options) = (repository, options)
    }

    func text() async throws -> String {
        let task = last.withLock { last in
            if let last, last.end.map({ $0.duration(to: .now) < Self.shortestPause }) ?? true {
                return last.task
            }
            let task = Task { [self] in
                defer { end() }
                return try await Self.gather(repository, options).text
            }
            last = Gathering(task: task)
            return task
        }
        return try await task.value
    }

    private func end() {
        last.withLock { $0?.end = .now }
    }

    static func gather(
        _ repository: RepositoryDirectory,
        _ options: GlobalOptions
    ) async throws -> RepositoryMetrics {
        // A configuration that is wrong is told by its watcher.
        let remotes = (try? RemoteChoice.all(options)) ?? []
        let expected = try? ExpectedRoots(repository.roots(), in: repository, options)
        let commit = unsafe String(cString: holdfast_commit())
        return try await RepositoryMetrics(
            of: repository,
            ProgramBuild(version: ProgramVersion.number, commit: commit),
            isExpected: { expected?.contains($0) ?? true },
            unknown: expected?.unknown ?? [],
            remotes: { status in RemoteLag.all(status, remotes).map(\.reading) }
        )
    }
}
