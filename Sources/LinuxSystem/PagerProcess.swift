import Glibc
import Synchronization
import SystemPackage

/// A program that shows on the terminal what this process writes, page by page.
///
/// While it runs:
/// 1. The standard output of this process goes to it. The standard error does so too, if it is a terminal:
///    otherwise messages would appear in the middle of a page.
/// 2. Ctrl-C and Ctrl-\ are for the pager.
/// 3. Writing after the pager has ended is an error (EPIPE).
package final class PagerProcess: Sendable {
    private let process: pid_t
    /// The standard streams that go to it, with what they were before.
    private let replaced: [(stream: Int32, before: Int32)]
    /// What was done at the signals that are ignored meanwhile.
    private let signals: [(signal: Int32, before: sigaction)]
    private let state = Mutex(State())

    private struct State {
        /// This process has written everything.
        var isEnding = false
        /// Known once it is reaped.
        var status: Int32?
    }

    /// Starts a command of the shell. A variable of `environment` that is set already keeps its value.
    ///
    /// - Parameter onEarlyEnd: called on a thread of its own when the pager ends before `end`, with its exit
    ///   status. The standard error is what it was before by then.
    package init(
        _ command: String,
        environment: [String: String],
        onEarlyEnd: @escaping @Sendable (Int32) -> Void
    ) throws(SystemError) {
        let ends = try makePipe()
        // Only the pager keeps it: otherwise nobody would notice that the pager has ended.
        defer { close(ends.read) }
        do {
            process = try Self.start(command, input: ends.read, environment)
        } catch {
            close(ends.write)
            throw error
        }
        let streams: [Int32] = CurrentProcess.isTerminal(2) ? [1, 2] : [1]
        replaced = streams.map { stream in
            let before = fcntl(stream, F_DUPFD_CLOEXEC, 3)
            dup2(ends.write, stream)
            return (stream, before)
        }
        close(ends.write)
        signals = [SIGINT, SIGQUIT, SIGPIPE].map { ($0, SignalAction.handle($0, by: SIG_IGN)) }
        // Without this thread, the next write fails once the pager has ended.
        try? WorkerThread.start("pager") { [self] in
            ChildProcess.waitForEnd(of: process)
            guard let status = reap(isEarly: true) else { return }
            // What is still written to the standard output is not for the terminal.
            restore { $0 != 1 }
            onEarlyEnd(status)
        }
    }

    /// Lets the pager show the rest, and waits until it ends. Returns its exit status; 128 plus the signal's
    /// number if a signal ended it.
    package func end() -> Int32 {
        state.withLock { $0.isEnding = true }
        // The pager reads to the end when no descriptor for writing is left.
        restore { _ in true }
        ChildProcess.waitForEnd(of: process)
        let status = reap(isEarly: false) ?? 0
        for (signal, before) in signals { SignalAction.restore(signal, before) }
        return status
    }

    /// The exit status. nil: the pager has not ended early, and `end` reaps it.
    private func reap(isEarly: Bool) -> Int32? {
        state.withLock { state in
            if isEarly && state.isEnding { return nil }
            let status = state.status ?? ChildProcess.reap(process)
            state.status = status
            return status
        }
    }

    private func restore(_ isMeant: (Int32) -> Bool) {
        for (stream, before) in replaced where isMeant(stream) { dup2(before, stream) }
    }

    private static func start(
        _ command: String,
        input: Int32,
        _ environment: [String: String]
    ) throws(SystemError) -> pid_t {
        let start = ProgramStart()
        start.give(input, as: 0)
        let added = environment.filter { CurrentProcess.variable($0.key) == nil }.mapValues(Optional.some)
        return try start.run(
            "/bin/sh",
            ["sh", "-c", command].map { Array($0.utf8) },
            environment: ChildProcess.environment(added)
        )
    }
}
