import LinuxSystem
import SystemPackage

/// What no event reports.
extension ObservedRoot {
    /// Checks what no event reported: a file written under another name, a directory under another file
    /// system, permissions given back.
    mutating func makeRound() {
        checkPlaces()
        files.releaseGone()
        for name in files.tree.omissions.directories { retry(directory: name) }
        checkUnseen()
        files.tree.reconsiderDesigned()
        files.decideSidecars()
        files.queue.beginRound(files.trackers.values)
    }

    /// Polls everything in the directories whose events do not report everything.
    mutating func poll() {
        let began = MonotonicInstant.now
        files.tree.polling.begin()
        if files.tree.places.isRootMissing { checkPlaces() }
        try? readEvents()
        let since = events.knownGoodUntil
        for name in files.context.polled where !files.tree.places.isUnavailable(name) {
            files.pollNames(in: name)
        }
        for tracker in files.trackers.values
        where files.context.isPolled(tracker.name) && !files.tree.places.isUnavailable(file: tracker.name) {
            switch tracker.poll() {
            case .unchanged: continue
            case .isDue: break
            case .changed(let stamp):
                try? readEvents()
                tracker.foundChanged(stamp, since: since)
            }
            files.queue.insert(tracker)
        }
        if !files.context.polled.isEmpty { files.tree.polling.end(began, .now) }
    }

    /// Each directory whose attributes changed may be readable again, or not any more. As a rule only its
    /// times have changed (`rsync`, `tar`), and nothing follows; else it concerns what is in it, but that
    /// once for all of them.
    mutating func checkChangedDirectories() {
        var others: Set<FilePath> = []
        for name in files.tree.directories.takeChanged() {
            if files.tree.omissions.directories.contains(name) {
                retry(directory: name)
                others.insert(name)
            } else if let known = files.tree.directories[name] {
                files.tree.record.handOver(name, files.tree.places)
                let status = FileStatus.directIfPresent(files.tree.places.path(of: name))
                if status?.ownership == known.ownership, !files.trackers.hasLeftOut(in: name) { continue }
                others.insert(name)
            }
        }
        for name in others where !name.directoriesAbove.contains(where: others.contains) {
            for directory in files.tree.directories.names(from: name) { files.tree.watchAgain(directory) }
            files.noteNames(below: name)
        }
    }
}
