/// What the process says when it ends.
///
/// A command that has said everything already throws it.
enum ExitStatus: Int32, Error {
    case done = 0
    case failed = 1
    /// Some files were left out, each named.
    case partial = 3
    /// A check, a digest or an integrity check failed.
    case damaged = 4
    /// No repository, no such root, or no snapshot matches.
    case notFound = 10
    /// Another writer has it.
    case locked = 11
    case wrongUsage = 64
    case interrupted = 130
}
