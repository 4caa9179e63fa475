import LinuxSystem
import RepositoryReader
import Service
import Settings
import Synchronization
import SystemPackage

/// Serves the metrics of a watcher in a process of its own, `holdfast metrics --listen`: the watcher has no
/// network. When that process ends it is started again, each time after a longer pause. It ends with the
/// watcher, however that ends, because its standard input does.
final class MetricsProcess: Sendable {
    /// What it says on its standard error.
    enum Report {
        static func isServed(at address: LoopbackAddress) -> String { "\(beginOfSuccess)\(address)/metrics" }

        static func isUnavailable(_ address: LoopbackAddress, _ reason: String) -> String {
            "metrics cannot be served at \(address): \(reason)"
        }

        static let beginOfSuccess = "metrics are served at http://"
    }

    private struct State {
        /// Where they are to be served; nil for nowhere.
        var address: LoopbackAddress?
        /// Nil if they are served, or soon will be.
        var problem: String?
        var child: ChildProcess?
        /// What was said last.
        var said: String?
        var hasThread = false
    }

    private let repository: RepositoryDirectory
    private let isQuiet: Bool
    private let state = Mutex(State())
    /// Signalled when the address changes.
    private let change: WakeupPipe

    private static let firstPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(60)

    init(_ repository: RepositoryDirectory, isQuiet: Bool) throws {
        (self.repository, self.isQuiet) = (repository, isQuiet)
        change = try WakeupPipe()
    }

    /// What `status` shows; nil if no metrics are to be served.
    var description: WatcherDescription.Metrics? {
        state.withLock { state in
            state.address.map { WatcherDescription.Metrics(address: "\($0)", problem: state.problem) }
        }
    }

    /// Serves them there from now on; nil for nowhere. Throws `SystemError` if there is no thread for it.
    func serve(at address: LoopbackAddress?) throws {
        try state.withLock { state in
            guard address != state.address else { return }
            (state.address, state.problem, state.said) = (address, nil, nil)
            state.child?.tell(.end)
            guard !state.hasThread else { return change.signal() }
            guard address != nil else { return }
            try WorkerThread.start("metrics") { [self] in run() }
            state.hasThread = true
        }
    }

    private func run() {
        var pause = Self.firstPause
        while true {
            guard let address = state.withLock({ $0.address }) else {
                _ = change.wait(nil)
                pause = Self.firstPause
                continue
            }
            let began = MonotonicInstant.now
            let problem = runServer(at: address)
            if began.duration(to: .now) > Self.longestPause { pause = Self.firstPause }
            if let problem { report(problem, of: address, isProblem: true) }
            let isChanged = change.wait(pause)
            pause = isChanged ? Self.firstPause : min(pause * 2, Self.longestPause)
        }
    }

    /// Returns when the process has ended: why, or nil if it was told to, as a service manager does.
    private func runServer(at address: LoopbackAddress) -> String? {
        do {
            let child = try ChildProcess(
                CurrentProcess.program,
                named: "holdfast",
                [
                    "metrics", "--repo=\(repository.path.argument)", "--listen=\(address)",
                    "--until-input-ends",
                ],
                // It is not the service that a service manager may be waiting for.
                environment: ["NOTIFY_SOCKET": nil],
                isBound: true
            )
            state.withLock { state in
                state.child = child
                if state.address != address { child.tell(.end) }
            }
            defer { state.withLock { $0.child = nil } }
            var last: String?
            while let line = try child.nextLine() {
                let text = line.hasPrefix(Self.prefix) ? String(line.dropFirst(Self.prefix.count)) : line
                let isServed = text.hasPrefix(Report.beginOfSuccess)
                if isServed { report(text, of: address, isProblem: false) }
                last = isServed ? nil : text
            }
            let status = child.wait()
            guard status != ExitStatus.done.rawValue else { return nil }
            return last ?? Report.isUnavailable(address, "its process ended with status \(status)")
        } catch {
            return Report.isUnavailable(address, "\(error)")
        }
    }

    /// Of each line that a command says.
    private static let prefix = "holdfast: "

    /// Says it, unless that was said last, or the address is another one by now.
    private func report(_ text: String, of address: LoopbackAddress, isProblem: Bool) {
        let isNews = state.withLock { state in
            guard state.address == address else { return false }
            state.problem = isProblem ? text : nil
            defer { state.said = text }
            return state.said != text
        }
        if isNews, isProblem || !isQuiet { Console.say(text) }
    }
}
