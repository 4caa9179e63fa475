import LinuxSystem
import RepositoryFormat
import SystemPackage

/// What is known of a root: its files and directories, and how far events report their changes. Finds
/// what there is, and makes up for what no event reported.
struct ObservedRoot: ~Copyable {
    private let requests: RequestQueue
    var files: ObservedFiles
    var events: EventCoverage
    var rapid = RapidLogs()
    /// The last write's: mostly the next one's as well, and to take names apart is slow.
    var written: WrittenName?

    init(_ files: consuming ObservedFiles, knownGoodUntil: Instant, _ requests: RequestQueue) {
        self.files = files
        self.requests = requests
        events = EventCoverage(knownGoodUntil: knownGoodUntil)
    }

    var isListing: Bool { files.tree.listing.isGoingOn }
    /// Everything was found and checked that was to be.
    var isThrough: Bool { !isListing && files.queue.isRoundOver && !files.tree.directories.hasChanged }
    /// Something can be done without news.
    var isBusy: Bool { events.hasGaps || !files.queue.isEmpty || isListing || !files.queue.isRoundOver }
    var nextPoll: MonotonicInstant? { files.tree.polling.next }
    /// When something is to be done again without an event.
    var nextRetry: MonotonicInstant? {
        guard let time = files.queue.nextRetry else { return files.tree.omissions.nextCheck }
        return files.tree.omissions.nextCheck.map { min($0, time) } ?? time
    }

    /// Inserts those whose time has come.
    mutating func callThoseWaiting() {
        let now = MonotonicInstant.now
        guard let time = nextRetry, time <= now else { return }
        files.tree.omissions.checksAgain()
        checkUnseen()
        files.queue.callThoseWaiting(now)
    }

    /// Goes on with the listings until the time is over; nil: to their end.
    mutating func list(until deadline: MonotonicInstant?) {
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
            guard files.tree.listing.isListed || requests.stop == nil else {
                return files.tree.listing.cutShort()
            }
        }
    }

    private mutating func found(_ name: FilePath, _ status: FileStatus, wasElsewhere: Bool) {
        files.found(name, status, wasElsewhere: wasElsewhere, since: events.knownGoodUntil)
    }

    /// Watches the root, and begins to list everything under it anew.
    mutating func listRoot() throws {
        try files.tree.listAnew()
        guard files.tree.places.isOneFile else { return }
        if let name = files.tree.places.path.lastComponent {
            _ = files.tracker(for: FilePath(root: nil, components: name))
        }
        files.tree.endListing()
    }

    /// Everything may have changed without an event.
    mutating func rescan(_ reason: String) {
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
    mutating func retry(directory name: FilePath) {
        if name.isEmpty {
            rescan("the root could not be read for a while")
        } else {
            files.tree.listing.add(name, wasElsewhere: false)
        }
    }

    /// Asks again what has the names of which that is not known.
    mutating func checkUnseen() {
        for name in files.tree.omissions.unseen {
            guard let status = files.tree.status(of: name) else { continue }
            found(name, status, wasElsewhere: false)
        }
    }

    /// Checks everything that events may have failed to report.
    mutating func makeUpForLoss() {
        if events.takePlaces() { checkPlaces() }
        if let reason = events.takeLoss() { rescan(reason) }
    }

    /// Checks whether the root and its directories are still the ones that are watched.
    mutating func checkPlaces() {
        checkRoot()
        for name in files.tree.directories.all.keys where !name.isEmpty {
            guard !files.tree.places.isUnavailable(name.removingLastComponent()) else { continue }
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

    private mutating func checkRoot() {
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
            files.tree.directories.watches.watchAncestors(files.tree.places.ancestors)
            rescan(reason)
        }
    }
}
