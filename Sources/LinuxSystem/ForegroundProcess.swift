import Glibc
import Synchronization
package import SystemPackage

/// A program that controls the terminal: it shares this process's standard streams and its process group.
package enum ForegroundProcess {
    /// Runs the program and waits until it ends. It is found by `PATH` if `name` has no slash. Returns its
    /// exit status; 128 plus the signal's number if a signal ended it. Throws when it cannot be started.
    ///
    /// Meanwhile this process ignores Ctrl-C and Ctrl-\, which are for the program, as with system(3).
    ///
    /// - Parameters:
    ///   - name: as `Arguments` has it, and so are the `arguments`: the program gets their bytes.
    ///   - input: a file that is its standard input.
    ///   - output: a file for its standard output.
    ///   - errors: a file for its standard error.
    ///   - forwardsStops: SIGTERM and SIGHUP are forwarded to the program, and this process still waits for
    ///     it.
    package static func run(
        _ name: String,
        _ arguments: [String],
        input: FilePath? = nil,
        output: FilePath? = nil,
        errors: FilePath? = nil,
        forwardsStops: Bool = false
    ) throws(SystemError) -> Int32 {
        var before = [SIGINT, SIGQUIT].map { ($0, SignalAction.handle($0, by: SIG_IGN)) }
        // Signals that were ignored before remain ignored for the program. Handlers do not survive exec(3).
        let defaults = before.filter { !$0.1.isIgnored }.map(\.0)
        // While SIGCHLD is ignored, nobody learns how a child ended.
        before.append((SIGCHLD, SignalAction.handle(SIGCHLD, by: SIG_DFL)))
        if forwardsStops { before += [SIGTERM, SIGHUP].compactMap(forward) }
        defer { for (signal, action) in before { SignalAction.restore(signal, action) } }

        let streams = (input: input, output: output, errors: errors)
        let process = try start(name, arguments, streams, defaults: defaults)
        StopForwarding.begin(process)
        // Not reaped yet, so no other process can have its number.
        ChildProcess.waitForEnd(of: process)
        StopForwarding.end()
        return ChildProcess.reap(process)
    }

    private static func start(
        _ name: String,
        _ arguments: [String],
        _ streams: (input: FilePath?, output: FilePath?, errors: FilePath?),
        defaults: [Int32]
    ) throws(SystemError) -> pid_t {
        let start = ProgramStart()
        start.restoreDefaults(of: defaults)
        if let input = streams.input { start.open(input, as: 0, O_RDONLY) }
        for (stream, file) in [(Int32(1), streams.output), (2, streams.errors)] {
            if let file { start.open(file, as: stream, O_WRONLY | O_CREAT | O_TRUNC) }
        }
        return try start.run(
            FilePath(argument: name),
            ([name] + arguments).map(Arguments.bytes),
            environment: ChildProcess.environment([:])
        )
    }

    /// Nil when the signal was ignored. It then remains ignored, for the program as well, as under nohup(1).
    private static func forward(_ signal: Int32) -> (Int32, sigaction)? {
        let action = SignalAction.handle(signal, by: StopForwarding.handler)
        guard action.isIgnored else { return (signal, action) }
        SignalAction.restore(signal, action)
        return nil
    }
}

/// Forwards signals to the running program. One that arrives before the program has started is kept for it.
private enum StopForwarding {
    /// 0: no program runs.
    private static let process = Atomic<pid_t>(0)
    private static let waiting = Atomic<Int32>(0)

    /// A handler may call almost nothing (`signal-safety(7)`): kill(2) is allowed.
    static let handler: @convention(c) (Int32) -> Void = { signal in
        let before = errno
        StopForwarding.waiting.store(signal, ordering: .sequentiallyConsistent)
        let process = StopForwarding.process.load(ordering: .sequentiallyConsistent)
        if process > 0 { _ = kill(process, signal) }
        errno = before
    }

    static func begin(_ started: pid_t) {
        process.store(started, ordering: .sequentiallyConsistent)
        let signal = waiting.load(ordering: .sequentiallyConsistent)
        if signal != 0 { _ = kill(started, signal) }
    }

    static func end() {
        process.store(0, ordering: .sequentiallyConsistent)
        waiting.store(0, ordering: .sequentiallyConsistent)
    }
}
