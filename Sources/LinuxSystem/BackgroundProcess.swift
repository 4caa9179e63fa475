import CLinux
import Glibc
package import SystemPackage

/// A program that goes on after this process: it has a session of its own, without a terminal.
package enum BackgroundProcess {
    /// Starts the program at `executable` and returns its process id. Throws when it cannot be started.
    ///
    /// It has this process's working directory, and its environment with `changes`, in which nil takes a
    /// variable away. No signal is ignored or blocked, and no other file is open.
    ///
    /// - Parameters:
    ///   - arguments: after its name, as `Arguments` has them.
    ///   - input: its standard input. The program shares the locks of this open file (`fcntl(2)`, open file
    ///     description locks), and keeps them when this process ends.
    ///   - output: both of its outputs are appended to this file, which is made with mode 0600.
    package static func start(
        _ executable: FilePath,
        named name: String,
        _ arguments: [String],
        environment changes: [String: String?] = [:],
        input: borrowing OpenFile,
        output: FilePath
    ) throws(SystemError) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, input.descriptor, 0)
        unsafe _ = output.withPlatformString {
            unsafe posix_spawn_file_actions_addopen(&actions, 1, $0, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Whoever reads a pipe that this process inherited would wait for the end of the program.
        unsafe _ = linux_spawn_closing(&actions, 3)

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe _ = posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigfillset(&signals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        let flags = Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK) | linux_spawn_new_session
        unsafe posix_spawnattr_setflags(&attributes, flags)

        let environment = try ChildProcess.environment(changes)
        var process: pid_t = 0
        let code = unsafe executable.withPlatformString { path in
            unsafe withVector(([name] + arguments).map(Arguments.bytes)) { words in
                unsafe withVector(environment) {
                    unsafe posix_spawn(&process, path, &actions, &attributes, words, $0)
                }
            }
        }
        guard code == 0 else { throw SystemError(.start, executable, code: Errno(rawValue: code)) }
        return process
    }
}

extension CurrentProcess {
    /// Closes the standard input, and with it what locks this process has through it. From then on it is
    /// empty.
    package static func closeStandardInput() {
        let null = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard null >= 0 else { return }
        dup2(null, 0)
        close(null)
    }
}
