import LinuxSystem
import RepositoryFormat
import SQLiteFiles
import SystemPackage

/// Reads the events of a root, and passes on what they report. Keeps what they say of everything.
struct EventIntake {
    /// Until then every event was read.
    private(set) var knownGoodUntil: Instant
    /// Events were lost: why. Acted on once, when all events are read: anything may have happened.
    private var lossReason: String?
    /// The root, or a directory in it, may not be where it was.
    private var mayHaveMoved = false

    init(knownGoodUntil: Instant) {
        self.knownGoodUntil = knownGoodUntil
    }

    /// Something has to be checked that events may have failed to report.
    var hasGaps: Bool { lossReason != nil || mayHaveMoved }

    mutating func placesMayHaveChanged() { mayHaveMoved = true }

    /// Whether it has to be checked where the root and its directories are.
    mutating func takePlaces() -> Bool {
        defer { mayHaveMoved = false }
        return mayHaveMoved
    }

    /// Why everything has to be checked; nil: it need not.
    mutating func takeLoss() -> String? { lossReason.take() }

    /// Reads every event that waits.
    mutating func readAll(_ files: inout ObservedFiles) throws {
        let now = Instant.now
        files.context.queue.observerSignal.clear([.names, .writes])
        try readNames(&files)
        try files.tree.directories.watches.readWrites()
        takeWrites(&files)
        if lossReason == nil { knownGoodUntil = now }
    }

    mutating func readNames(_ files: inout ObservedFiles) throws {
        for entry in try files.tree.directories.watches.names.takeAll() { handleName(entry, &files) }
    }

    /// Those that were read for all roots together.
    mutating func takeWrites(_ files: inout ObservedFiles) {
        for event in files.tree.directories.watches.takeWrites() { handleWrite(event, &files) }
    }

    private mutating func lostEvents() { lossReason = "the kernel's event queue overflowed" }
}

// Writes
extension EventIntake {
    private mutating func handleWrite(_ event: InotifyEvent, _ files: inout ObservedFiles) {
        if event.mask.contains(.overflow) { return lostEvents() }
        if event.mask.contains(.ignored) { return files.tree.directories.watches.ended(event.watch) }
        switch files.tree.directories.watches.subject(ofWrite: event.watch) {
        case .directory(let directory):
            guard let last = event.name, files.tree.directories.isWatched(directory) else { return }
            handleWrite(directory.appending(last), event.mask, &files)
        case .ancestor: mayHaveMoved = true
        case .file(let name, let identity):
            guard let tracker = files.trackers[name], tracker.state.presence.identity == identity else {
                return files.tree.directories.watches.drop(event.watch)
            }
            contentWritten(tracker, event.mask, &files)
        case nil: return
        }
    }

    private func handleWrite(_ name: FilePath, _ mask: InotifyMask, _ files: inout ObservedFiles) {
        let role = files.scope.role(of: name)
        if case .sidecar(let sidecar, let owner) = role, mask.contains(.modified),
            let tracker = sidecarTracker(owner, &files)
        {
            switch sidecar {
            case .writeAheadLog: tracker.note(.logModified)
            case .journal: tracker.note(.journalModified)
            case .sharedMemory: tracker.note(.indexModified)
            }
            files.queue.insert(tracker)
        }
        guard role != .ignored, let tracker = files.tracker(for: name) else { return }
        contentWritten(tracker, mask, &files)
    }

    private func contentWritten(_ tracker: Tracker, _ mask: InotifyMask, _ files: inout ObservedFiles) {
        if mask.contains(.modified) { tracker.note(.contentModified) }
        if mask.contains(.closedAfterWrite) { tracker.note(.contentClosed) }
        files.queue.insert(tracker)
    }

    /// The tracker that is to hear of a sidecar: a database's, or that of an empty file, which may become one
    /// by it.
    private func sidecarTracker(_ owner: FilePath, _ files: inout ObservedFiles) -> Tracker? {
        guard let tracker = files.tracker(for: owner) else { return nil }
        return tracker.kind == .database || tracker.mayBeMadeDatabase ? tracker : nil
    }
}

// Names
extension EventIntake {
    private mutating func handleName(_ event: NameEvents.Entry, _ files: inout ObservedFiles) {
        if event.mask.contains(.overflow) { return lostEvents() }
        guard let directory = event.directory else { return }
        guard let last = event.name else { return handleSelf(directory, event.mask, &files) }
        guard files.tree.directories.isWatched(directory) else { return }
        let name = directory.appending(last)
        if event.mask.contains(.isDirectory) { return handleDirectory(name, event.mask, &files) }
        switch files.scope.role(of: name) {
        case .ignored: return
        case .protected: break
        case .sidecar(let sidecar, let owner): handleSidecar(sidecar, owner, event, &files)
        }
        handleContentName(name, event.mask, &files)
    }

    /// The watched directory itself has changed.
    private mutating func handleSelf(
        _ directory: FilePath,
        _ mask: InotifyMask,
        _ files: inout ObservedFiles
    ) {
        if !mask.isDisjoint(with: [.deletedSelf, .movedSelf, .unmounted]) { mayHaveMoved = true }
        if mask.contains(.attributes), directory.isEmpty { files.tree.directories.noteChanged(directory) }
    }

    private func handleDirectory(_ name: FilePath, _ mask: InotifyMask, _ files: inout ObservedFiles) {
        guard !files.tree.places.isOneFile else { return }
        if !mask.isDisjoint(with: [.created, .movedTo]) {
            files.tree.listing.add(name, wasElsewhere: mask.contains(.movedTo))
        } else if mask.contains(.movedFrom) {
            files.noteNames(below: name)
            files.tree.leave(name)
        } else if mask.contains(.deleted) {
            files.tree.directoryRemoved(name)
        } else if mask.contains(.attributes) {
            files.tree.directories.noteChanged(name)
        }
    }

    private func handleContentName(_ name: FilePath, _ mask: InotifyMask, _ files: inout ObservedFiles) {
        if files.tree.omissions.designed[name] != nil { files.tree.takeIn(name) }
        guard let tracker = files.tracker(for: name) else { return }
        if mask.contains(.attributes) {
            if let status = FileStatus.directIfPresent(tracker.path) {
                files.tree.directories.noteStatus(status, of: tracker)
            }
            tracker.state.presence.attributes.changed()
        }
        if !mask.isDisjoint(with: [.created, .deleted, .movedFrom, .movedTo]) {
            tracker.note(.nameChanged)
            if !files.tree.places.isOneFile,
                let kind = FileStatus.directIfPresent(files.tree.places.path(of: name))?.kind
            {
                files.tree.leaveOutUnlessFile(name, kind)
            }
        }
        files.queue.insert(tracker)
    }

    private func handleSidecar(
        _ sidecar: Sidecar,
        _ owner: FilePath,
        _ event: NameEvents.Entry,
        _ files: inout ObservedFiles
    ) {
        guard let tracker = sidecarTracker(owner, &files) else { return }
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
        files.queue.insert(tracker)
    }
}
