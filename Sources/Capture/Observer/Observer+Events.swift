import LinuxFiles
import Repository
import SystemPackage

extension Observer {
    /// Reads every event that waits.
    func readAllEvents() throws {
        try readNameEvents()
        try readWriteEvents()
    }

    func readNameEvents() throws {
        for entry in try watches.names.takeAll() { handleName(entry) }
    }

    func readWriteEvents() throws {
        while try watches.writes.read({ handleWrite($0) }) {}
    }

    private func handleWrite(_ event: InotifyEvent) {
        if event.mask.contains(.overflow) { return lostEvents() }
        guard let directory = watches.directory(ofWrite: event.watch), let last = event.name else { return }
        let name = directory.appending(last)
        switch scope.role(of: name) {
        case .ignored: return
        case .protected:
            guard let tracker = tracker(for: name) else { return }
            tracker.contentModified()
            markDue(tracker)
        case .sidecar(let sidecar, let owner):
            guard let tracker = tracker(for: owner) else { return }
            switch sidecar {
            case .writeAheadLog: tracker.logModified()
            case .journal: tracker.journalModified()
            case .sharedMemory: return
            }
            markDue(tracker)
        }
    }

    private func handleName(_ event: NameEvents.Entry) {
        if event.mask.contains(.overflow) { return lostEvents() }
        guard let directory = event.directory else { return }
        guard let last = event.name else { return directoryWent(directory) }
        let name = directory.appending(last)
        if event.mask.contains(.isDirectory) {
            guard root.kind == .directory else { return }
            if !event.mask.isDisjoint(with: [.created, .movedTo]) {
                enter(name)
            } else if !event.mask.isDisjoint(with: [.deleted, .movedFrom]) {
                leave(name)
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
        if mask.contains(.attributes), !tracker.isLeftOut { return }
        if mask.contains(.closedAfterWrite) { tracker.contentClosed() }
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
        case .sharedMemory: return
        }
        markDue(tracker)
    }

    func markDue(_ tracker: Tracker) {
        due[ObjectIdentifier(tracker)] = tracker
    }

    /// The kernel's queue was full: anything may have happened.
    private func lostEvents() {
        rescan("the kernel's event queue overflowed")
    }
}
