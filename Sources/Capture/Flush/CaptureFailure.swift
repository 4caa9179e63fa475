/// Why steps of one file could not be recorded. The file is captured anew; all others continue.
struct CaptureFailure: Sendable {
    enum Cause: Sendable, Equatable {
        /// The repository could not store its base image: there may be more space later.
        case repository
        /// An error of the program itself that affects only this file.
        case program(String)
    }

    let cause: Cause
    /// The repository has a snapshot of the file all the same.
    let hasSnapshot: Bool
}
