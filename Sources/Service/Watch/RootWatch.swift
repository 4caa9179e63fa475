import Capture
import LinuxFiles
import Recovery
import Repository
import Synchronization
import SystemPackage

/// Protects one root for as long as the watcher runs. What fails is said and tried again, each time after a longer pause;
/// meanwhile `status` has the reason.
final class RootWatch: Sendable {
    /// What it needs of the watcher.
    struct Surroundings: Sendable {
        let repository: FilePath
        let options: RootProtector.Options
        let standings: RootStandings
        let repositoryWatch: RepositoryWatch
        /// Catch up and return.
        let once: Bool
        let notice: @Sendable (RootDescription, CaptureNotice) -> Void
        let failed: @Sendable (FilePath, any Error) -> Void
        /// What else is to be done for a protected root, until it is cancelled; an element comes whenever something was recorded.
        let care: @Sendable (RootProtector, AsyncStream<Void>) async -> Void
    }

    private struct State {
        var protector: RootProtector?
        var pause: Task<Void, Never>?
        var stop: RootProtector.Stop?
        var isOver = false
    }

    private let number: Int
    private let target: WatchService.Target
    private let surroundings: Surroundings
    private let state = Mutex(State())

    private static let firstPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(30)

    init(_ number: Int, _ target: WatchService.Target, _ surroundings: Surroundings) {
        self.number = number
        self.target = target
        self.surroundings = surroundings
    }

    /// Protects the root until `stop`. Throws what hinders that when no root of the watcher is protected any more, and
    /// `RepositoryError.gone`.
    func run() async throws {
        defer { state.withLock { $0.isOver = true } }
        var pause = Self.firstPause
        var said: String?
        while true {
            let began = Tick.now
            do {
                return try await attempt()
            } catch let interruption as CaptureInterruption {
                return surroundings.standings.interrupted(.init(path: target.path, what: interruption))
            } catch RepositoryError.gone(let path, let how) {
                throw RepositoryError.gone(path, how)
            } catch {
                guard !isStopping, surroundings.standings.failed(number) else { throw error }
                if "\(error)" != said { surroundings.failed(target.path, error) }
                said = "\(error)"
                if surroundings.once { return }
                if began.duration(to: .now) > Self.longestPause { pause = Self.firstPause }
                try await rest(pause, showing: error)
                pause = min(pause * 2, Self.longestPause)
                try surroundings.repositoryWatch.requireInPlace()
                surroundings.standings.starts(number)
            }
        }
    }

    /// Ends `run`.
    func stop(_ stop: RootProtector.Stop) {
        state.withLock { state in
            state.stop = state.stop == .atOnce ? .atOnce : stop
            state.pause?.cancel()
            state.protector?.stop(stop)
        }
    }

    /// Removes images that are not finished, and says what of the root may not be captured; nil when it is through.
    func abandon() -> (path: FilePath, why: String)? {
        let (protector, isOver) = state.withLock { ($0.protector, $0.isOver) }
        guard !isOver else { return nil }
        protector?.removeDrafts()
        let status = protector?.status
        if let interruption = status?.interruption { return (target.path, "\(interruption)") }
        let isReady = status?.isReady ?? false
        let what =
            isReady ? "the last changes were written to the repository" : "the first capture was complete"
        return (target.path, "stopped before \(what)")
    }

    private var isStopping: Bool { state.withLock { $0.stop != nil } }

    private func attempt() async throws {
        let root = try await Thread.run("root") { [target] in try target.find() }
        // One element is as good as many.
        let (changes, recorded) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        var options = surroundings.options
        options.onDurable = { recorded.yield() }
        let protector = try RootProtector(root: root, repository: surroundings.repository, options: options) {
            [surroundings] in surroundings.notice(root, $0)
        }
        let stop = state.withLock { state in
            state.protector = protector
            return state.stop
        }
        if let stop { protector.stop(stop) }
        try await protect(protector, changes)
    }

    /// Runs one root with its control socket, and meanwhile what else is to be done for it.
    private func protect(_ protector: RootProtector, _ changes: AsyncStream<Void>) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let socket = ControlSocketHolder()
            // Whatever else fails ends its threads as well.
            var isOpen = false
            defer { if !isOpen { protector.stop(.atOnce) } }
            group.addTask { [surroundings] in
                defer { socket.close() }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await surroundings.care(protector, changes) }
                    defer { group.cancelAll() }
                    try await protector.run()
                }
            }
            // Only the lock's holder may take the socket's name.
            if (try? await protector.locked()) != nil {
                surroundings.repositoryWatch.add(protector.root)
                try socket.open(protector)
                group.addTask { try await socket.run() }
            }
            isOpen = true
            // Who reads that it is ready may ask.
            group.addTask { [surroundings, number] in
                // One that fails says so itself.
                guard (try? await protector.ready()) != nil else { return }
                surroundings.standings.ready(number, WatchService.Ready(protector))
            }
            try await group.waitForAll()
        }
    }

    /// Lets time pass before the next attempt, and has `status` say why.
    private func rest(_ pause: Duration, showing error: any Error) async throws {
        let socket = failedSocket(error)
        defer { socket?.stop() }
        let sleeper = Task { _ = try? await Task.sleep(for: pause) }
        let isStopping = state.withLock { state in
            state.pause = sleeper
            return state.stop != nil
        }
        if isStopping { sleeper.cancel() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            if let socket { group.addTask { try await socket.run() } }
            await withTaskCancellationHandler {
                await sleeper.value
            } onCancel: {
                sleeper.cancel()
            }
            socket?.stop()
            try await group.waitForAll()
        }
    }

    /// Answers for the root while nobody protects it; nil where another watcher does, or there is no place for a socket.
    private func failedSocket(_ error: any Error) -> ControlSocket? {
        guard let root = try? target.known() else { return nil }
        let status = WatcherStatus(
            pid: CurrentProcess.identifier,
            isReady: false,
            trouble: "it cannot be protected, and is tried again: \(error)",
            lagMilliseconds: 0,
            rescans: 0,
            audits: 0,
            auditDifferences: 0,
            exclusions: surroundings.options.exclusions
        )
        return try? root.withoutWriter {
            // All else is for whoever asks to do himself.
            try ControlSocket(root) { $0 == .status ? .status(status) : nil }
        }
    }
}
