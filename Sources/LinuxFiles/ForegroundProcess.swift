import Glibc
package import SystemPackage

/// A program that has the terminal: it shares this process's standard streams and its process group.
package enum ForegroundProcess {
    /// Runs the program, found by `PATH` if `name` has no slash, and waits for its end. Meanwhile this process does nothing on
    /// Ctrl-C and Ctrl-\, which are the program's, as with system(3). Returns its exit status; 128 plus the signal's number if a
    /// signal ended it. Throws when it cannot be started.
    ///
    /// - Parameters:
    ///   - input: a file that is its standard input.
    ///   - output: a file for its standard output.
    package static func run(
        _ name: String,
        _ arguments: [String],
        input: FilePath? = nil,
        output: FilePath? = nil
    ) throws(SystemError) -> Int32 {
        let interrupt = ignore(SIGINT)
        let quit = ignore(SIGQUIT)
        defer {
            restore(SIGINT, interrupt)
            restore(SIGQUIT, quit)
        }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe _ = posix_spawnattr_destroy(&attributes) }
        // What was not ignored before is not for the program either.
        var defaults = sigset_t()
        unsafe sigemptyset(&defaults)
        for (signal, before) in [(SIGINT, interrupt), (SIGQUIT, quit)] where !isIgnored(before) {
            unsafe sigaddset(&defaults, signal)
        }
        unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
        // A thread of ours may have signals blocked that are for the program.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
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
        guard code == 0 else { throw SystemError("start", FilePath(name), code: Errno(rawValue: code)) }
        var raw: Int32 = 0
        while unsafe waitpid(process, &raw, 0) < 0, errno == EINTR {}
        let signal = raw & 0x7f
        return signal == 0 ? (raw >> 8) & 0xff : 128 + signal
    }

    private static func ignore(_ signal: Int32) -> sigaction {
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = SIG_IGN
        var before = sigaction()
        unsafe _ = sigaction(signal, &action, &before)
        return before
    }

    private static func restore(_ signal: Int32, _ action: sigaction) {
        var action = action
        unsafe _ = sigaction(signal, &action, nil)
    }

    private static func isIgnored(_ action: sigaction) -> Bool {
        // SIG_IGN is a number in the place of a function.
        unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
