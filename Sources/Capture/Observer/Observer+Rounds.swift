import LinuxSystem

/// What no event tells.
extension Observer {
    /// What no event told: a file written under another name, a directory under another file system,
    /// permissions given back.
    func makeRound() {
        checkPlaces()
        files.releaseGone()
        for name in files.tree.omissions.directories { retry(directory: name) }
        lookAtUnseen()
        files.tree.reconsiderDesigned()
        files.decideSidecars()
        files.queue.beginRound(files.trackers.values)
    }

    /// Goes on with the round until the time is over. Each file is looked at once more, whatever the events
    /// said.
    func continueRound(until deadline: MonotonicInstant) {
        while let tracker = files.queue.popRound() {
            files.lookFromOutside(tracker, isAsked: progress.isWaiting, auditInterval: auditInterval)
            guard MonotonicInstant.now < deadline else { return }
        }
    }

    /// Looks for everything in the directories whose events do not tell all.
    func poll() {
        let began = MonotonicInstant.now
        files.tree.polling.begin()
        if files.tree.places.isRootMissing { checkPlaces() }
        try? readAllEvents()
        let since = events.knownGoodUntil
        for name in context.polled where !files.tree.places.isAway(name) { files.pollNames(in: name) }
        for tracker in files.trackers.values
        where context.isPolled(tracker.name) && !files.tree.places.isAway(file: tracker.name) {
            switch tracker.poll() {
            case .unchanged: continue
            case .isDue: break
            case .changed(let stamp):
                try? readAllEvents()
                tracker.foundChanged(stamp, since: since)
            }
            files.queue.insert(tracker)
        }
        if !context.polled.isEmpty { files.tree.polling.end(began, .now) }
    }
}
