import LinuxSystem
import RepositoryReader
import Synchronization

/// A process that runs beside the watcher for one setting: what needs a network is there, not in the watcher.
/// When it ends it is started again, each time after a longer pause. It ends with the watcher, however that
/// ends, because its standard input does.
final class CompanionProcess<Setting: Hashable & Sendable>: Sendable {
    /// What a line that it writes means.
    enum Line {
        /// It works. Said unless it was said last.
        case success
        /// Something is wrong, and it goes on.
        case problem
        /// Perhaps why it ends.
        case other
    }

    /// How a process of that kind is started and understood.
    struct Kind: Sendable {
        let name: String
        /// The arguments of the program.
        let arguments: @Sendable (Setting) -> [String]
        let meaning: @Sendable (String) -> Line
        /// Why it is not there, as messages say it.
        let failure: @Sendable (Setting, String) -> String
    }

    private struct State {
        /// For what it is to run; nil for nothing.
        var setting: Setting?
        /// Nil if it runs well, or soon will.
        var problem: String?
        var child: ChildProcess?
        /// What was said last.
        var said: String?
        var hasThread = false
    }

    private let kind: Kind
    private let isQuiet: Bool
    private let state = Mutex(State())
    /// Signalled when the setting changes.
    private let change: WakeupPipe

    private let firstPause = Duration.seconds(1)
    private let longestPause = Duration.seconds(60)

    init(_ kind: Kind, isQuiet: Bool) throws {
        (self.kind, self.isQuiet) = (kind, isQuiet)
        change = try WakeupPipe()
    }

    /// For what it runs, and what is wrong with it; nil if it is not to run.
    var description: (setting: Setting, problem: String?)? {
        state.withLock { state in state.setting.map { ($0, state.problem) } }
    }

    /// Runs it for that setting from now on; nil for nothing. Throws `SystemError` if there is no thread for
    /// it.
    func run(for setting: Setting?) throws {
        try state.withLock { state in
            guard setting != state.setting else { return }
            (state.setting, state.problem, state.said) = (setting, nil, nil)
            state.child?.tell(.end)
            guard !state.hasThread else { return change.signal() }
            guard setting != nil else { return }
            try WorkerThread.start(kind.name) { [self] in superviseForEver() }
            state.hasThread = true
        }
    }

    private func superviseForEver() {
        var pause = firstPause
        while true {
            guard let setting = state.withLock({ $0.setting }) else {
                _ = change.wait(nil)
                pause = firstPause
                continue
            }
            let began = MonotonicInstant.now
            let problem = runOnce(for: setting)
            if began.duration(to: .now) > longestPause { pause = firstPause }
            if let problem { report(problem, of: setting, isProblem: true) }
            let isChanged = change.wait(pause)
            pause = isChanged ? firstPause : min(pause * 2, longestPause)
        }
    }

    /// Returns when the process has ended: why, or nil if it was told to, as a service manager does.
    private func runOnce(for setting: Setting) -> String? {
        do {
            let child = try ChildProcess(
                CurrentProcess.program,
                named: "holdfast",
                kind.arguments(setting),
                // It is not the service that a service manager may be waiting for.
                environment: ["NOTIFY_SOCKET": nil],
                isBound: true
            )
            state.withLock { state in
                state.child = child
                if state.setting != setting { child.tell(.end) }
            }
            defer { state.withLock { $0.child = nil } }
            var last: String?
            while let line = try child.nextLine() {
                let text =
                    line.hasPrefix(Console.prefix) ? String(line.dropFirst(Console.prefix.count)) : line
                let meaning = kind.meaning(text)
                if meaning != .other { report(text, of: setting, isProblem: meaning == .problem) }
                last = meaning == .other ? text : nil
            }
            let status = child.wait()
            guard status != ExitStatus.done.rawValue else { return nil }
            return last ?? kind.failure(setting, "its process ended with status \(status)")
        } catch {
            return kind.failure(setting, "\(error)")
        }
    }

    /// Says it, unless that was said last, or the setting is another one by now.
    private func report(_ text: String, of setting: Setting, isProblem: Bool) {
        let isNews = state.withLock { state in
            guard state.setting == setting else { return false }
            state.problem = isProblem ? text : nil
            defer { state.said = text }
            return state.said != text
        }
        if isNews, isProblem || !isQuiet { Console.say(text) }
    }
}
