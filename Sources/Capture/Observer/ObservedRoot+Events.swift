import LinuxSystem
import RepositoryFormat
import SQLiteFiles
import SystemPackage

/// How far events can be relied on. A pure value.
struct EventCoverage {
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

    mutating func wereLost(_ reason: String = "the kernel's event queue overflowed") { lossReason = reason }

    /// Every event of before `time` was read.
    mutating func wereRead(until time: Instant) {
        if lossReason == nil { knownGoodUntil = time }
    }

    /// Whether it has to be checked where the root and its directories are.
    mutating func takePlaces() -> Bool { exchange(&mayHaveMoved, with: false) }

    /// Why everything has to be checked; nil: it need not.
    mutating func takeLoss() -> String? { lossReason.take() }
}

// Reading
extension ObservedRoot {
    /// Reads every event that waits.
    mutating func readEvents() throws {
        let now = Instant.now
        files.context.queue.observerSignal.clear([.names, .writes])
        try readNames()
        try files.tree.directories.watches.readWrites()
        takeWrites()
        noteRapidLogs()
        events.wereRead(until: now)
    }

    mutating func readNames() throws {
        for entry in try files.tree.directories.watches.names.takeAll() { handleName(entry) }
    }

    /// Takes those that were read for all roots together.
    mutating func takeWrites() {
        for event in files.tree.directories.watches.takeWrites() { handleWrite(event) }
    }
}

// Writes
extension ObservedRoot {
    private mutating func handleWrite(_ event: InotifyEvent) {
        if event.mask.contains(.overflow) { return events.wereLost() }
        if event.mask.contains(.ignored) { return files.tree.directories.watches.ended(event.watch) }
        switch files.tree.directories.watches.subject(ofWrite: event.watch) {
        case .directory(let directory):
            if let last = event.name { handleWrite(to: last, in: directory, event.mask) }
        case .member(let last, let directory): handleWrite(to: last, in: directory, event.mask)
        case .ancestor: events.placesMayHaveChanged()
        case .file(let name, let identity):
            guard let tracker = files.trackers[name], tracker.state.presence.identity == identity else {
                return files.tree.directories.watches.drop(event.watch)
            }
            contentWritten(tracker, event.mask)
        case nil: return
        }
    }

    private mutating func handleWrite(
        to last: FilePath.Component,
        in directory: FilePath,
        _ mask: InotifyMask
    ) {
        guard files.tree.directories.isWatched(directory) else { return }
        if written?.directory != directory || written?.last != last {
            written = WrittenName(directory, last, files.scope)
        }
        if let written { handleWrite(written.name, written.role, mask) }
    }

    mutating func handleWrite(_ name: FilePath, _ role: RootScope.Role, _ mask: InotifyMask) {
        if case .sidecar(let sidecar, let owner) = role, mask.contains(.modified),
            let tracker = sidecarTracker(owner)
        {
            switch sidecar {
            case .writeAheadLog: tracker.note(.logModified)
            case .journal: tracker.note(.journalModified)
            case .sharedMemory: tracker.note(.indexModified)
            }
            files.queue.insert(tracker)
        }
        guard role != .ignored, let tracker = files.tracker(for: name, role: role) else { return }
        contentWritten(tracker, mask)
    }

    private mutating func contentWritten(_ tracker: Tracker, _ mask: InotifyMask) {
        if mask.contains(.modified) { tracker.note(.contentModified) }
        if mask.contains(.closedAfterWrite) { tracker.note(.contentClosed) }
        files.queue.insert(tracker)
    }

    /// The tracker that is to hear of a sidecar: a database's, or that of an empty file, which may become one
    /// by it.
    private mutating func sidecarTracker(_ owner: FilePath) -> Tracker? {
        guard let tracker = files.tracker(for: owner) else { return nil }
        return tracker.kind == .database || tracker.mayBeMadeDatabase ? tracker : nil
    }
}

/// A file that was written, and its role.
struct WrittenName {
    let directory: FilePath
    let last: FilePath.Component
    let name: FilePath
    let role: RootScope.Role

    init(_ directory: FilePath, _ last: FilePath.Component, _ scope: RootScope) {
        (self.directory, self.last) = (directory, last)
        name = directory.appending(last)
        role = scope.role(of: name)
    }
}

// Names
extension ObservedRoot {
    private mutating func handleName(_ entry: NameEvents.Entry) {
        let mask = entry.event.mask
        if mask.contains(.overflow) { return events.wereLost() }
        guard let directory = entry.directory else { return }
        guard let last = entry.event.name else { return handleSelf(directory, mask) }
        guard files.tree.directories.isWatched(directory) else { return }
        let name = directory.appending(last)
        if mask.contains(.isDirectory) { return handleDirectory(name, mask) }
        let role = files.scope.role(of: name)
        if role == .ignored { return }
        let wasRapid = rapid.logs[directory] != nil && !mask.isDisjoint(with: .names) && concerns(name)
        if wasRapid { endRapid(in: directory) }
        if case .sidecar(let sidecar, let owner) = role { handleSidecar(sidecar, owner, entry) }
        handleContentName(name, mask)
        // What came was written before its writes were watched.
        if wasRapid, !mask.isDisjoint(with: [.created, .movedTo]) { handleWrite(name, role, .modified) }
    }

    /// The watched directory itself has changed.
    private mutating func handleSelf(_ directory: FilePath, _ mask: InotifyMask) {
        if !mask.isDisjoint(with: [.deletedSelf, .movedSelf, .unmounted]) { events.placesMayHaveChanged() }
        if mask.contains(.attributes), directory.isEmpty { files.tree.directories.noteChanged(directory) }
    }

    private mutating func handleDirectory(_ name: FilePath, _ mask: InotifyMask) {
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

    private mutating func handleContentName(_ name: FilePath, _ mask: InotifyMask) {
        if files.tree.omissions.designed[name] != nil { files.tree.takeIn(name) }
        guard let tracker = files.tracker(for: name) else { return }
        if mask.contains(.attributes) {
            if let status = FileStatus.directIfPresent(tracker.path) {
                files.tree.directories.noteStatus(status, of: tracker)
            }
            tracker.state.presence.attributes.changed()
        }
        if !mask.isDisjoint(with: .names) {
            tracker.note(.nameChanged)
            if !files.tree.places.isOneFile,
                let kind = FileStatus.directIfPresent(files.tree.places.path(of: name))?.kind
            {
                files.tree.leaveOutUnlessFile(name, kind)
            }
        }
        files.queue.insert(tracker)
    }

    private mutating func handleSidecar(
        _ sidecar: Sidecar,
        _ owner: FilePath,
        _ entry: NameEvents.Entry
    ) {
        let (mask, pinned) = (entry.event.mask, entry.pinned)
        guard let tracker = sidecarTracker(owner) else { return }
        let appeared = !mask.isDisjoint(with: [.created, .movedTo])
        let went = !mask.isDisjoint(with: [.deleted, .movedFrom])
        switch sidecar {
        case .writeAheadLog:
            if appeared { tracker.note(.logAppeared(pinned)) }
            if went { tracker.note(.logDeleted) }
        case .journal:
            if appeared { tracker.note(.journalAppeared(pinned)) }
            if went { tracker.note(.journalDeleted) }
        case .sharedMemory:
            guard appeared else { return }
            tracker.note(.indexAppeared(pinned, log: entry.log))
        }
        files.queue.insert(tracker)
    }
}

extension InotifyMask {
    /// A name came or went.
    fileprivate static let names: InotifyMask = [.created, .deleted, .movedFrom, .movedTo]
}
