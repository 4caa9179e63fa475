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
        let start = ProgramStart()
        start.give(input.descriptor, as: 0)
        start.open(output, as: 1, O_WRONLY | O_CREAT | O_APPEND)
        start.give(1, as: 2)
        // Whoever reads a pipe that this process inherited would wait for the end of the program.
        start.closeOthers()
        start.restoreDefaults()
        start.leadSession()
        return try start.run(
            executable,
            ([name] + arguments).map(Arguments.bytes),
            environment: ChildProcess.environment(changes)
        )
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
