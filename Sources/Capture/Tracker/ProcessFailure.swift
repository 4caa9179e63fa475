import LinuxSystem
import SystemPackage

/// What an error amid the work on a file means. A pure decision.
enum ProcessFailure {
    /// It is left out until it is shorter.
    case isTooLong(FileTooLong)
    /// An error of the program itself.
    case ofProgram(String)
    /// The name may only just have gone.
    case isMissing
    /// The log, its index or the journal cannot be read. Unreadable is not absent: without it nobody knows
    /// what is committed.
    case hidesCommits(SystemError)
    case isUnreadable(SystemError)

    /// `sidecars`: where log, index and journal are.
    init(_ error: any Error, sidecars: [FilePath]) {
        if let error = error as? FileTooLong {
            self = .isTooLong(error)
        } else if let error = error as? SystemError {
            if error.isMissing {
                self = .isMissing
            } else if let path = error.path, sidecars.contains(path) {
                self = .hidesCommits(error)
            } else {
                self = .isUnreadable(error)
            }
        } else {
            self = .ofProgram("\(error)")
        }
    }
}
