import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// What no event tells.
extension Observer {
    /// The least pause between two rounds through directories that cannot be watched.
    static let pollPause = Duration.seconds(2)
    /// And the share of the time that they may take.
    private static let pollShare = 20

    /// What no event told: a file written under another name, a directory under another file system,
    /// permissions given back.
    func makeRound() {
        checkPlaces()
        releaseGone()
        for name in leftOutDirectories { retry(directory: name) }
        lookAtUnseen()
        reconsiderDesigned()
        for owner in Array(undecided.keys) { decideSidecars(of: owner) }
        queue.beginRound(trackers.values)
    }

    /// Goes on with the round until the time is over. Each file is looked at once more, whatever the events
    /// said.
    func continueRound(until deadline: MonotonicInstant) {
        while let tracker = queue.popRound() {
            lookFromOutside(tracker)
            guard MonotonicInstant.now < deadline else { return }
        }
    }

    private func lookFromOutside(_ tracker: Tracker) {
        guard trackers[tracker.name] === tracker, !isAway(tracker) else { return }
        let isAtRest = tracker.isAtRest
        if progress.isWaiting, tracker.kind == .database { tracker.state.pending.log = true }
        let isHindered = tracker.state.presence.obstacles.areThere || tracker.mayBeOutOfSight
        if isHindered || progress.isWaiting { tracker.logs.sight.mustCheck() }
        if tracker.scanning.audit.wantEvery(auditInterval, now: .now) || isHindered || progress.isWaiting {
            queue.insert(tracker, isUrgent: false)
        }
        guard isAtRest else { return }
        let status = FileStatus.directIfPresent(tracker.path)
        if let status { noteStatus(status, of: tracker) }
        if tracker.state.presence.attributes.hasNews { queue.insert(tracker, isUrgent: false) }
        if status?.identity != tracker.state.presence.identity {
            tracker.note(.nameChanged)
            mustBeLookedAt(tracker)
        } else if let status, tracker.state.presence.content.noticesChange(ContentStamp(status)) {
            tracker.note(.contentModified)
            mustBeLookedAt(tracker)
        }
    }

    /// Also for the requests that wait: what was captured before was not all.
    private func mustBeLookedAt(_ tracker: Tracker) {
        tracker.state.ledger.wasIncomplete()
        queue.insert(tracker, isUrgent: false)
    }

    /// Gives up the trackers of files that are gone, so that names that come and go take next to no memory.
    func releaseGone() {
        gone.removeAll { tracker in
            guard tracker.isGone, trackers[tracker.name] === tracker else { return true }
            guard context.queue.isSettled(tracker.file) else { return false }
            released[tracker.name] = (tracker.file, tracker.kind)
            trackers.remove(tracker)
            queue.remove(tracker)
            return true
        }
    }

    /// Asks for a directory again that could not be watched or read.
    func retry(directory name: FilePath) {
        if name.isEmpty {
            rescan("the root could not be read for a while")
        } else {
            enter(name, wasElsewhere: false)
        }
    }

    /// Looks for everything in the directories whose events do not tell all.
    func poll() {
        let began = MonotonicInstant.now
        nextPoll = nil
        if isRootMissing { checkPlaces() }
        try? readAllEvents()
        let since = knownGoodUntil
        for name in context.polled where !isAway(name) { pollNames(in: name) }
        for tracker in trackers.values where context.isPolled(tracker.name) && !isAway(tracker) {
            switch tracker.poll() {
            case .unchanged: continue
            case .isDue: break
            case .changed(let stamp):
                try? readAllEvents()
                tracker.foundChanged(stamp, since: since)
            }
            queue.insert(tracker)
        }
        guard nextPoll == nil, !context.polled.isEmpty else { return }
        let spent = began.duration(to: .now)
        nextPoll = MonotonicInstant.now.advanced(by: max(Self.pollPause, spent * Self.pollShare))
    }

    private func pollNames(in directory: FilePath) {
        let path = rootPath.pushing(directory)
        guard root.kind == .directory, let listed = try? OpenDirectory(path), let names = try? listed.names()
        else { return }
        for last in names {
            let name = directory.appending(last)
            guard trackers[name] == nil, directories[name] == nil,
                let status = try? listed.status(of: last)
            else { continue }
            if isWatchable(name, status) {
                enter(name, wasElsewhere: false)
            } else if status.kind == .regular {
                _ = tracker(for: name)
            }
        }
    }

    /// Says which events are missing and begins or ends to poll.
    func tellOfPolling() {
        let reasons = directories.all.values.lazy.compactMap(\.polledBecause)
        guard !context.polled.isEmpty, let reason = reasons.min() else {
            context.meter.trouble(.events, nil)
            return
        }
        let seconds = Self.pollPause.components.seconds
        context.meter.trouble(.events, "\(reason); until then it is looked at every \(seconds) s")
        if nextPoll == nil { nextPoll = MonotonicInstant.now.advanced(by: Self.pollPause) }
    }

    func isAway(_ tracker: Tracker) -> Bool {
        !away.isEmpty && isAway(root.kind == .file ? "" : tracker.name.removingLastComponent())
    }
}
