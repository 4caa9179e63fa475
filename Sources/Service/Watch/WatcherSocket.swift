import LinuxSystem
import RepositoryReader
import SystemPackage

/// The socket of a watcher as a whole. Its name is random: watchers in several containers may have one pid.
struct WatcherSocket: Sendable {
    private let socket: ControlSocket

    /// Throws `SystemError` if nobody can listen there.
    init(
        _ repository: RepositoryDirectory,
        on loop: EventLoop,
        answer: @escaping @Sendable (ControlRequest) async -> ControlAnswer
    ) throws {
        let directory = repository.watchersPath
        try Directory.make(directory)
        Self.removeAbandoned(in: directory)
        let name = UInt64.random(in: 0 ... .max).padded(to: 16, radix: 16) + ".sock"
        socket = try ControlSocket(at: directory.appending(name), on: loop, answer: answer)
    }

    /// Answers until `stop`.
    func run() async { await socket.run() }

    func stop() { socket.stop() }

    /// What watchers have left that were killed.
    private static func removeAbandoned(in directory: FilePath) {
        for name in (try? Directory.names(in: directory)) ?? [] {
            let path = directory.appending(name)
            if (try? ControlClient(at: path).listener()) == .some(nil) { try? Directory.remove(path) }
        }
    }
}
