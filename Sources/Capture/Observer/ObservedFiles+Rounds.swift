import LinuxSystem
import RepositoryFormat
import SystemPackage

/// What is checked without an event of its own.
extension ObservedFiles {
    /// Has everything below the directory asked for again.
    mutating func noteNames(below directory: FilePath) {
        for tracker in trackers.files(below: directory) {
            tracker.note(.nameChanged)
            queue.insert(tracker, isUrgent: false)
        }
    }

    /// Checks a file in the slow round. `isAsked`: requests wait for it.
    mutating func checkInRound(_ tracker: Tracker, isAsked: Bool, auditInterval: Duration) {
        guard isWithin(tracker) else { return }
        let isAtRest = tracker.isAtRest
        if isAsked, tracker.kind == .database { tracker.state.pending.log = true }
        let isHindered = tracker.state.presence.obstacles.areThere || tracker.mayBeOutOfSight
        if isHindered || isAsked { tracker.logs.sight.mustCheck() }
        if tracker.scanning.audit.wantEvery(auditInterval, now: .now) || isHindered || isAsked {
            queue.insert(tracker, isUrgent: false)
        }
        guard isAtRest else { return }
        let status = FileStatus.directIfPresent(tracker.path)
        if let status { tree.directories.noteStatus(status, of: tracker) }
        if tracker.state.presence.attributes.hasNews { queue.insert(tracker, isUrgent: false) }
        if status?.identity != tracker.state.presence.identity {
            tracker.note(.nameChanged)
        } else if let status, tracker.state.presence.content.noticesChange(ContentStamp(status)) {
            tracker.note(.contentModified)
        } else {
            return
        }
        // Also for the requests that wait: what was captured before was not all.
        tracker.state.ledger.wasIncomplete()
        queue.insert(tracker, isUrgent: false)
    }
}
