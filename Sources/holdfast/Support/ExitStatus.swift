/// What the process says when it ends.
///
/// A command that has said everything already throws it.
struct ExitStatus: RawRepresentable, Hashable, Error {
    let rawValue: Int32

    static let done = ExitStatus(rawValue: 0)
    static let failed = ExitStatus(rawValue: 1)
    /// Some files were left out, each named.
    static let partial = ExitStatus(rawValue: 3)
    /// A check, a digest or an integrity check failed.
    static let damaged = ExitStatus(rawValue: 4)
    /// No repository, no such root, or no snapshot matches.
    static let notFound = ExitStatus(rawValue: 10)
    /// Another writer has it.
    static let locked = ExitStatus(rawValue: 11)
    /// The remote belongs to another writer, or the key does not fit.
    static let notOurs = ExitStatus(rawValue: 12)
    static let wrongUsage = ExitStatus(rawValue: 64)
    /// A program that was to be run is not there, as shells say it.
    static let noProgram = ExitStatus(rawValue: 127)
    static let interrupted = ExitStatus(rawValue: 130)
}
