import LinuxSystem
import Recovery

extension UnfinishedWork {
    /// From here on, an interrupted command removes what it has not finished.
    static func leaveNothingWhenInterrupted() throws {
        try StopSignal.onFirst {
            UnfinishedWork.abandonAll {
                Console.say("interrupted: what was not finished was removed")
                CurrentProcess.exit(ExitStatus.interrupted.rawValue)
            }
        }
    }
}
