import LinuxSystem
import Synchronization
import SystemPackage

/// Has tasks done by a process of its own, `holdfast maintain`, one after the other. What SQLite needs for
/// them is given back with it, and what breaks SQLite does not break the watcher.
final class MaintenanceProcess: Sendable {
    private struct State {
        var process: ChildProcess?
        var isStopped = false
    }

    private let program: FilePath
    private let state = Mutex(State())

    init(_ program: FilePath) { self.program = program }

    /// Throws if the process cannot be started, or ends without a result. Blocks its thread.
    func run<Result: Decodable>(_ task: MaintenanceTask) throws -> Result {
        let process = try state.withLock { state in
            guard !state.isStopped else { throw CancellationError() }
            let process = try ChildProcess(
                program,
                named: "holdfast",
                ["maintain"],
                // It is not the service that a service manager may be waiting for.
                environment: ["NOTIFY_SOCKET": nil],
                input: ControlCoding.encode(task)
            )
            state.process = process
            return process
        }
        defer { process.wait() }
        // Before its result there may be messages, as of the dynamic linker.
        var last = ""
        while let line = try process.nextLine() { last = line }
        return try ControlCoding.decode(Result.self, Array(last.utf8))
    }

    /// Ends the current task and all later ones.
    func stop() {
        state.withLock { state in
            state.isStopped = true
            state.process?.tell(.end)
        }
    }
}
