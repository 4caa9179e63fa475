import Capture
import LinuxFiles
import Repository
import Service
import SystemPackage

/// What `sync` and `snapshot` share: have the watcher capture, or do it here when none runs.
struct FreshCapture {
    let options: GlobalOptions
    let path: String?
    let timeout: Duration
    let tag: (name: String, message: String)?

    func run() async throws {
        let (repository, target) = try await Thread.run("command") { [options, path] in
            let repository = try options.openRepository()
            return (repository, try Target(path, in: repository))
        }
        let point = try await capture(target.root, repository)
        try await Thread.run("command") { [options] in
            let console = Console(options)
            try console.result(
                json: JSONObject().adding("sequence", point.sequence.rawValue).adding("time", point.time)
                    .adding("path", target.path.string),
                text: point.sequence.description
            )
            try console.flush()
        }
    }

    /// A watcher that is just starting has the lock but not yet the socket: asked again until it has.
    private func capture(
        _ root: RootDescription,
        _ repository: RepositoryDirectory
    ) async throws -> DurablePoint {
        let deadline = Tick.now.advanced(by: timeout)
        while true {
            do {
                let tag = tag
                return try await Thread.run("command") {
                    try ControlClient(root).synchronise(tag: tag, timeout: Tick.now.duration(to: deadline))
                }
            } catch ControlClient.Failure.noWatcher {
                do {
                    return try await OneShot.capture(root, in: repository, tag: tag)
                } catch RepositoryError.locked(let path) {
                    guard Tick.now < deadline else { throw RepositoryError.locked(path) }
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
        }
    }
}
