import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage

extension Observer {
    /// Reads every event that waits.
    func readAllEvents() throws {
        let now = Instant.now
        context.queue.observerSignal.clear([.names, .writes])
        try readNameEvents()
        try readWriteEvents()
        if lossReason == nil { knownGoodUntil = now }
    }

    func readNameEvents() throws {
        for entry in try watches.names.takeAll() { handleName(entry) }
    }

    func readWriteEvents() throws {
        for event in try watches.takeWrites() { handleWrite(event) }
    }

    private func handleWrite(_ event: InotifyEvent) {
        if event.mask.contains(.overflow) { return lostEvents() }
        if event.mask.contains(.ignored) { return watches.ended(event.watch) }
        switch watches.subject(ofWrite: event.watch) {
        case .directory(let directory): if let last = event.name { handleWrite(directory, last, event.mask) }
        case .way: mustCheckPlaces = true
        case .file(let name, let identity):
            guard let tracker = trackers[name], tracker.state.presence.identity == identity else {
                return watches.drop(event.watch)
            }
            contentWritten(tracker, event.mask)
        case nil: return
        }
    }

    private func contentWritten(_ tracker: Tracker, _ mask: InotifyMask) {
        if mask.contains(.modified) { tracker.note(.contentModified) }
        if mask.contains(.closedAfterWrite) { tracker.note(.contentClosed) }
        queue.insert(tracker)
    }

    private func handleWrite(_ directory: FilePath, _ last: FilePath.Component, _ mask: InotifyMask) {
        guard isWatched(directory) else { return }
        let name = directory.appending(last)
        let role = scope.role(of: name)
        if case .sidecar(let sidecar, let owner) = role, mask.contains(.modified),
            let tracker = tracker(of: owner)
        {
            switch sidecar {
            case .writeAheadLog: tracker.note(.logModified)
            case .journal: tracker.note(.journalModified)
            case .sharedMemory: tracker.note(.indexModified)
            }
            queue.insert(tracker)
        }
        guard role != .ignored, let tracker = tracker(for: name) else { return }
        contentWritten(tracker, mask)
    }

    private func handleName(_ event: NameEvents.Entry) {
        if event.mask.contains(.overflow) { return lostEvents() }
        guard let directory = event.directory else { return }
        guard let last = event.name else { return handleSelf(directory, event.mask) }
        guard isWatched(directory) else { return }
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
                changedDirectories.insert(name)
            }
            return
        }
        switch scope.role(of: name) {
        case .ignored: return
        case .protected: break
        case .sidecar(let sidecar, let owner): handleSidecarName(sidecar, owner, event)
        }
        handleContentName(name, event.mask)
    }

    private func handleContentName(_ name: FilePath, _ mask: InotifyMask) {
        if byDesign[name] != nil { takeIn(directory: name) }
        guard let tracker = tracker(for: name) else { return }
        if mask.contains(.attributes) {
            if let status = FileStatus.directIfPresent(tracker.path) { noteStatus(status, of: tracker) }
            tracker.state.presence.attributes.changed()
        }
        if mask.contains(.movedTo) || mask.contains(.created) || mask.contains(.deleted)
            || mask.contains(.movedFrom)
        {
            tracker.note(.nameChanged)
            let path = rootPath.pushing(root, name)
            if root.kind == .directory, let kind = FileStatus.directIfPresent(path)?.kind {
                leaveOutUnlessFile(name, kind)
            }
        }
        queue.insert(tracker)
    }

    private func handleSidecarName(
        _ sidecar: Sidecar,
        _ owner: FilePath,
        _ event: NameEvents.Entry
    ) {
        guard let tracker = tracker(of: owner) else { return }
        let appeared = !event.mask.isDisjoint(with: [.created, .movedTo])
        let went = !event.mask.isDisjoint(with: [.deleted, .movedFrom])
        switch sidecar {
        case .writeAheadLog:
            if appeared { tracker.note(.logAppeared(event.caught)) }
            if went { tracker.note(.logDeleted) }
        case .journal:
            if appeared { tracker.note(.journalAppeared(event.caught)) }
            if went { tracker.note(.journalDeleted) }
        case .sharedMemory:
            guard appeared else { return }
            tracker.note(.indexAppeared(event.caught))
        }
        queue.insert(tracker)
    }

    /// The tracker that is to hear of a sidecar: a database's, or that of an empty file, which may become one
    /// by it.
    private func tracker(of owner: FilePath) -> Tracker? {
        guard let tracker = tracker(for: owner) else { return nil }
        return tracker.kind == .database || tracker.mayBeMadeDatabase ? tracker : nil
    }

    /// The directory itself has changed.
    private func handleSelf(_ directory: FilePath, _ mask: InotifyMask) {
        if !mask.isDisjoint(with: [.deletedSelf, .movedSelf, .unmounted]) { mustCheckPlaces = true }
        if mask.contains(.attributes), directory.isEmpty { changedDirectories.insert(directory) }
    }

    /// Each directory whose attributes changed may be readable again, or not any more. As a rule only its
    /// times have changed (`rsync`, `tar`), and nothing follows; else it concerns what is in it, but that
    /// once for all of them.
    func lookAtChangedDirectories() {
        guard !changedDirectories.isEmpty else { return }
        var others: [FilePath] = []
        for name in changedDirectories {
            if leftOutDirectories.contains(name) {
                retry(directory: name)
                others.append(name)
            } else if let known = directories[name] {
                handOver(directory: name)
                let status = FileStatus.directIfPresent(rootPath.pushing(name))
                if status?.ownership == known.ownership, !hasLeftOut(in: name) { continue }
                others.append(name)
            }
        }
        changedDirectories = []
        let changed = Set(others)
        for name in others where !hasAncestor(of: name, in: changed) {
            for directory in directories.names(from: name) { watchAgain(directory) }
            for tracker in trackers.files(below: name) {
                tracker.note(.nameChanged)
                queue.insert(tracker, isUrgent: false)
            }
        }
    }

    private func hasLeftOut(in directory: FilePath) -> Bool {
        trackers.files(in: directory).contains { $0.state.presence.obstacles.isLeftOut }
    }

    private func hasAncestor(of name: FilePath, in others: Set<FilePath>) -> Bool {
        guard others.count > 1 else { return false }
        var above = name
        while !above.isEmpty {
            above.removeLastComponent()
            if others.contains(above) { return true }
        }
        return false
    }

    private func watchAgain(_ directory: FilePath) {
        guard root.kind == .directory else { return }
        do {
            let opened = try OpenDirectory(rootPath.pushing(directory))
            try watch(directory, opened)
        } catch {
            if !error.isMissing { leaveOut(directory: directory, error) }
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
