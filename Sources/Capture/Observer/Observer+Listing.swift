import LinuxSystem
import RepositoryFormat
import SystemPackage

/// Looking for what there is.
extension Observer {
    /// Goes on with the listings until the time is over; nil: to their end.
    func list(until deadline: MonotonicInstant?) {
        while true {
            switch files.tree.listNext() {
            case .entered: continue
            case .leftOut(let name, let mounts):
                files.end(below: name, apartFrom: mounts)
                continue
            case .ended: return files.tree.endListing()
            case .unseen: break
            case .found(let name, let status, let wasElsewhere):
                found(name, status, wasElsewhere: wasElsewhere)
            }
            if let deadline, MonotonicInstant.now >= deadline { return }
            guard files.tree.listing.isListed || requests.stop == nil else { return files.tree.listing.cutShort() }
        }
    }

    private func found(_ name: FilePath, _ status: FileStatus, wasElsewhere: Bool) {
        files.found(name, status, wasElsewhere: wasElsewhere, since: events.knownGoodUntil)
    }

    /// Watches the root, and begins to list everything under it anew.
    func listRoot() throws {
        try files.tree.listAnew()
        guard files.tree.places.isOneFile else { return }
        if let name = files.tree.places.path.lastComponent {
            _ = files.tracker(for: FilePath(root: nil, components: name))
        }
        files.tree.endListing()
    }

    /// Everything may have changed without an event.
    func rescan(_ reason: String) {
        do {
            try listRoot()
            files.tree.takeIn("")
        } catch {
            files.tree.endListing()
            files.tree.couldNotList("", error)
        }
        for tracker in files.trackers.values {
            tracker.eventsWereLost(reason, since: events.knownGoodUntil)
            files.queue.insert(tracker, isUrgent: false)
        }
    }

    /// Asks for a directory again that could not be watched or read.
    func retry(directory name: FilePath) {
        if name.isEmpty {
            rescan("the root could not be read for a while")
        } else {
            files.tree.listing.add(name, wasElsewhere: false)
        }
    }

    /// Asks again what has the names of which it could not be told.
    func lookAtUnseen() {
        for name in files.tree.omissions.unseen {
            guard let status = files.tree.status(of: name) else { continue }
            found(name, status, wasElsewhere: false)
        }
    }

    /// Looks at everything that events may have failed to tell.
    func makeUpForLoss() {
        if events.takePlaces() { checkPlaces() }
        if let reason = events.takeLoss() { rescan(reason) }
    }

    /// Looks whether the root and its directories are still the ones that are watched.
    func checkPlaces() {
        checkRoot()
        for name in files.tree.directories.table.all.keys
        where !name.isEmpty && !files.tree.places.isAway(name.removingLastComponent()) {
            switch files.tree.check(name) {
            case .same: continue
            case .gone:
                files.noteNames(below: name)
                files.tree.leave(name)
            case .replaced:
                files.tree.listing.add(name, wasElsewhere: true)
                // Those that are not there any more.
                files.noteNames(below: name)
            }
        }
    }

    private func checkRoot() {
        let finding = files.tree.checkRoot()
        switch finding {
        case .same: return
        case .missing, .deleted:
            if finding == .deleted {
                for tracker in files.trackers.values {
                    tracker.note(.nameChanged)
                    files.queue.insert(tracker)
                }
            }
            files.tree.polling.rootIsMissing(.now)
        case .replaced(let reason):
            for tracker in files.trackers.values {
                tracker.relocate(to: files.tree.places.path(of: tracker.name))
            }
            files.tree.directories.watches.addWay(files.tree.places.way)
            rescan(reason)
        }
    }

    /// Each directory whose attributes changed may be readable again, or not any more. As a rule only its
    /// times have changed (`rsync`, `tar`), and nothing follows; else it concerns what is in it, but that
    /// once for all of them.
    func lookAtChangedDirectories() {
        guard files.tree.directories.hasChanged else { return }
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
        for name in others where !others.containsAncestor(of: name) {
            for directory in files.tree.directories.names(from: name) { files.tree.watchAgain(directory) }
            files.noteNames(below: name)
        }
    }
}

extension Set<FilePath> {
    /// Whether a directory that this one lies in is among them.
    fileprivate func containsAncestor(of name: FilePath) -> Bool {
        guard count > 1 else { return false }
        var above = name
        while !above.isEmpty {
            above.removeLastComponent()
            if contains(above) { return true }
        }
        return false
    }
}
