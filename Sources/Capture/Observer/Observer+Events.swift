import LinuxFiles
import Repository
import SystemPackage

extension Observer {
    /// Reads every event that waits.
    func readAllEvents() throws {
        let now = Instant.now
        try readNameEvents()
        try readWriteEvents()
        if lossReason == nil { knownGoodUntil = now }
    }

    func readNameEvents() throws {
        for entry in try watches.names.takeAll() { handleName(entry) }
    }

    func readWriteEvents() throws {
        guard let writes = watches.writes else { return }
        while try writes.read({ handleWrite($0) }) {}
    }

    private func handleWrite(_ event: InotifyEvent) {
        if event.mask.contains(.overflow) { return lostEvents() }
        if event.mask.contains(.ignored) { return watches.ended(event.watch) }
        switch watches.subject(ofWrite: event.watch) {
        case .directory(let directory): if let last = event.name { handleWrite(directory, last, event.mask) }
        case .way: mustCheckPlaces = true
        case .file(let name, let identity):
            guard let tracker = trackers[name], tracker.identity == identity else {
                return watches.drop(event.watch)
            }
            contentWritten(tracker, event.mask)
        case nil: return
        }
    }

    private func contentWritten(_ tracker: Tracker, _ mask: InotifyMask) {
        if mask.contains(.modified) { tracker.contentModified() }
        if mask.contains(.closedAfterWrite) { tracker.contentClosed() }
        markDue(tracker)
    }

    private func handleWrite(_ directory: FilePath, _ last: FilePath.Component, _ mask: InotifyMask) {
        let name = directory.appending(last)
        switch scope.role(of: name) {
        case .ignored: return
        case .protected:
            if let tracker = tracker(for: name) { contentWritten(tracker, mask) }
        case .sidecar(let sidecar, let owner):
            guard mask.contains(.modified), let tracker = tracker(for: owner) else { return }
            switch sidecar {
            case .writeAheadLog: tracker.logModified()
            case .journal: tracker.journalModified()
            case .sharedMemory: tracker.sharedMemoryModified()
            }
            markDue(tracker)
        }
    }

    private func handleName(_ event: NameEvents.Entry) {
        if event.mask.contains(.overflow) { return lostEvents() }
        guard let directory = event.directory else { return }
        guard let last = event.name else { return handleSelf(directory, event.mask) }
        let name = directory.appending(last)
        if event.mask.contains(.isDirectory) {
            guard root.kind == .directory else { return }
            if !event.mask.isDisjoint(with: [.created, .movedTo]) {
                enter(name, wasElsewhere: event.mask.contains(.movedTo))
            } else if event.mask.contains(.movedFrom) {
                leave(name)
            } else if event.mask.contains(.deleted) {
                directoryRemoved(name)
            } else if event.mask.contains(.attributes) {
                permissionsChanged(name)
            }
            return
        }
        switch scope.role(of: name) {
        case .ignored: return
        case .protected: handleContentName(name, event.mask)
        case .sidecar(let sidecar, let owner): handleSidecarName(sidecar, owner, event)
        }
    }

    private func handleContentName(_ name: FilePath, _ mask: InotifyMask) {
        guard let tracker = tracker(for: name) else { return }
        if mask.contains(.attributes) {
            if let status = FileStatus.directIfPresent(tracker.path) { tracker.mind(status) }
            if !tracker.isLeftOut { return }
        }
        if mask.contains(.movedTo) || mask.contains(.created) || mask.contains(.deleted)
            || mask.contains(.movedFrom)
        {
            tracker.nameChanged()
        }
        markDue(tracker)
    }

    private func handleSidecarName(
        _ sidecar: RootScope.Sidecar,
        _ owner: FilePath,
        _ event: NameEvents.Entry
    ) {
        guard let tracker = tracker(for: owner) else { return }
        let appeared = !event.mask.isDisjoint(with: [.created, .movedTo])
        let went = !event.mask.isDisjoint(with: [.deleted, .movedFrom])
        switch sidecar {
        case .writeAheadLog:
            if appeared { tracker.logAppeared(event.caught) }
            if went { tracker.logDeleted() }
        case .journal:
            if appeared { tracker.journalAppeared(event.caught) }
            if went { tracker.journalDeleted() }
        case .sharedMemory:
            guard appeared else { return }
            tracker.sharedMemoryAppeared(event.caught)
        }
        markDue(tracker)
    }

    func markDue(_ tracker: Tracker) {
        due.insert(tracker)
    }

    /// The directory itself has changed.
    private func handleSelf(_ directory: FilePath, _ mask: InotifyMask) {
        if !mask.isDisjoint(with: [.deletedSelf, .movedSelf, .unmounted]) { mustCheckPlaces = true }
        if mask.contains(.attributes), directory.isEmpty { permissionsChanged(directory) }
    }

    /// The directory may be readable again, or not any more.
    private func permissionsChanged(_ directory: FilePath) {
        if !directory.isEmpty || leftOutDirectories.contains(directory) { retry(directory: directory) }
        for tracker in trackers.values where tracker.name.starts(with: directory) {
            tracker.nameChanged()
            markDue(tracker)
        }
    }

    /// The kernel's queue was full: anything may have happened. Acted on once, when all events are read.
    private func lostEvents() {
        lossReason = "the kernel's event queue overflowed"
    }

    /// Looks at everything that events may have failed to tell.
    func makeUpForLoss() {
        if mustCheckPlaces {
            mustCheckPlaces = false
            checkPlaces()
        }
        if let reason = lossReason {
            lossReason = nil
            rescan(reason)
        }
    }
}
