/// Why what was handed over of one file could not be recorded. The file is captured anew, all others go on.
struct CaptureFailure: Sendable {
    enum Cause: Sendable, Equatable {
        /// The repository could not take its base image: there may be more room later.
        case repository
        /// An error of the program itself, which concerns this file alone.
        case program(String)
    }

    let cause: Cause
    /// The repository has a snapshot of the file all the same.
    let hasSnapshot: Bool
}
