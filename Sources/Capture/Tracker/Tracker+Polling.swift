import LinuxSystem
import RepositoryFormat
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

/// For a file that may change without an event.
extension Tracker {
    /// Notes what the file looks like before it is read.
    func notePolled() {
        if context.isPolled(name) { polled = PolledStamp(path, log: logPath) }
    }

    /// Looks for changes that no event told.
    func poll() -> PollResult {
        guard isAtRest else { return .isDue }
        let now = PolledStamp(path, log: logPath)
        return now == polled ? .unchanged : .changed(now)
    }

    /// Notes what `poll` has found, once the events were read that may tell of it.
    func foundChanged(_ now: PolledStamp, since: Instant) {
        guard isAtRest else { return }
        if kind == .plain {
            nameChanged()
            contentModified()
        } else if now.content == polled?.content, now.log != nil, now.log?.identity == logIdentity {
            // The log proves by itself that nothing of it is missed.
            pending.log = true
        } else {
            eventsWereLost("changes that no event tells are looked for in turns", since: since)
        }
    }
}

enum PollResult {
    case unchanged
    /// The file is to be processed anyway.
    case isDue
    /// What is being written just now may be told by events that have come meanwhile: they come first.
    case changed(PolledStamp)
}
