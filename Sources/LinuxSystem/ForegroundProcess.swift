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
    ///   - forwardsStops: SIGTERM and SIGHUP are forwarded to the program, and this process still waits for
    ///     it.
    package static func run(
        _ name: String,
        _ arguments: [String],
        input: FilePath? = nil,
        output: FilePath? = nil,
        forwardsStops: Bool = false
    ) throws(SystemError) -> Int32 {
        var before = [SIGINT, SIGQUIT].map { ($0, SignalAction.handle($0, by: SIG_IGN)) }
        // Signals that were ignored before remain ignored for the program. Handlers do not survive exec(3).
        let defaults = before.filter { !$0.1.isIgnored }.map(\.0)
        // While SIGCHLD is ignored, nobody learns how a child ended.
        before.append((SIGCHLD, SignalAction.handle(SIGCHLD, by: SIG_DFL)))
        if forwardsStops { before += [SIGTERM, SIGHUP].compactMap(forward) }
        defer { for (signal, action) in before { SignalAction.restore(signal, action) } }

        let process = try start(name, arguments, input: input, output: output, defaults: defaults)
        StopForwarding.begin(process)
        // Not reaped yet, so no other process can have its number.
        ChildProcess.waitForEnd(of: process)
        StopForwarding.end()
        return ChildProcess.reap(process)
    }

    private static func start(
        _ name: String,
        _ arguments: [String],
        input: FilePath?,
        output: FilePath?,
        defaults: [Int32]
    ) throws(SystemError) -> pid_t {
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe _ = posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for signal in defaults { unsafe sigaddset(&signals, signal) }
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        // This thread may block signals that are for the program.
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
        if let input {
            unsafe _ = input.withPlatformString {
                unsafe posix_spawn_file_actions_addopen(&actions, 0, $0, O_RDONLY, 0)
            }
        }
        if let output {
            unsafe _ = output.withPlatformString {
                unsafe posix_spawn_file_actions_addopen(&actions, 1, $0, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            }
        }

        let environment = try ChildProcess.environment([:])
        var process: pid_t = 0
        let code = unsafe withVector(([name] + arguments).map(Arguments.bytes)) { words in
            unsafe withVector(environment) {
                unsafe posix_spawnp(&process, words[0]!, &actions, &attributes, words, $0)
            }
        }
        guard code == 0 else {
            throw SystemError(.start, FilePath(argument: name), code: Errno(rawValue: code))
        }
        return process
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
