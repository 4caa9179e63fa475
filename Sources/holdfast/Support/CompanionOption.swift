import ArgumentParser
import LinuxSystem

/// For commands that a watcher runs in a `CompanionProcess`.
struct CompanionOption: ParsableArguments {
    /// What a watcher starts ends with it.
    @Flag(help: .hidden)
    var untilInputEnds = false

    /// From now on, this process ends with status 0 at a stop signal, or with its watcher.
    func endInTime() throws {
        try StopSignal.onFirst { CurrentProcess.exit(ExitStatus.done.rawValue) }
        guard untilInputEnds else { return }
        try WorkerThread.start("input") {
            StandardInput.waitForEnd()
            CurrentProcess.exit(ExitStatus.done.rawValue)
        }
    }
}
