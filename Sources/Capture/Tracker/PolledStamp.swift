import LinuxSystem
import SystemPackage

/// A file and its log as they looked from outside.
struct PolledStamp: Equatable {
    let content: ContentStamp?
    let log: ContentStamp?

    init(_ path: FilePath, log: FilePath) {
        content = FileStatus.directIfPresent(path).map(ContentStamp.init)
        self.log = FileStatus.directIfPresent(log).map(ContentStamp.init)
    }
}

/// What polling a file shows that may change without an event.
enum PollResult {
    case unchanged
    /// The file is to be processed anyway.
    case isDue
    /// What is being written just now may be told by events that have come meanwhile: they come first.
    case changed(PolledStamp)
}
