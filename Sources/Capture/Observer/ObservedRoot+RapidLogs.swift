import LinuxSystem
import RepositoryFormat
import SQLiteFiles
import SystemPackage

/// What is done for the logs to which commits come without a pause.
///
/// Writes to such a log are not watched. All other files of its directory are watched one by one meanwhile,
/// so that nothing else is known less well. As soon as a name in the directory comes or goes, all writes in
/// it are watched again. So they are when no commit has come for a while.
extension ObservedRoot {
    /// More files are not watched one by one.
    private static let mostMembers = 64

    /// No longer watches the tracker's log if commits come to it without a pause.
    mutating func considerRapid(_ tracker: Tracker) {
        let now = MonotonicInstant.now
        guard tracker.logs.isRapid(now), tracker.mayBeRapid, !files.context.isPolled(tracker.name) else {
            return
        }
        let name = tracker.name.removingLastComponent()
        guard !rapid.contains(tracker, in: name), rapid.mayBegin(in: name, now), files.isWithin(tracker),
            let last = tracker.state.presence.logPath.lastComponent
        else { return }
        let log = WrittenName(name, last, files.scope)
        if rapid.logs[name] != nil {
            files.tree.directories.watches.dropMember(last, of: name)
        } else if !watchOthers(than: last, in: name, tracker.path.removingLastComponent()) {
            return rapid.refuse(name, now)
        }
        rapid.insert(tracker, log)
        note(log)
    }

    /// Watches the files of the directory one by one, but for the log. False if that cannot be had.
    private mutating func watchOthers(
        than log: FilePath.Component,
        in name: FilePath,
        _ path: FilePath
    ) -> Bool {
        // Writes to a journal that comes count the transactions in rollback mode: none may be missed.
        guard let trackers = files.trackers.files(in: name), trackers.count <= Self.mostMembers,
            trackers.allSatisfy({ $0.kind == .plain || $0.state.image?.usesWAL == true }),
            let directory = try? OpenDirectory(path),
            let status = try? directory.status(), status.identity == files.tree.directories[name]?.identity,
            let names = Self.names(in: directory)
        else { return false }
        var members: [FilePath.Component] = []
        for last in names where last != log && concerns(name.appending(last)) {
            guard let status = try? directory.status(of: last) else { return false }
            guard status.kind == .regular else { continue }
            // Writes under another name would count for that one.
            guard status.linkCount == 1 else { return false }
            members.append(last)
        }
        return files.tree.directories.watches.watchOnly(members, of: name, directory)
    }

    /// Nil if there are too many: it takes long to read them all.
    private static func names(in directory: OpenDirectory) -> [FilePath.Component]? {
        var names: [FilePath.Component] = []
        let isRead: Void? = try? directory.forEachName { (name, _) throws(SystemError) in
            names.append(name)
            if names.count > mostMembers { throw SystemError(.list, directory.path, code: .outOfRange) }
        }
        return isRead == nil ? nil : names
    }

    /// Whether a write to what has that name tells of a protected file.
    func concerns(_ name: FilePath) -> Bool {
        switch files.scope.role(of: name) {
        case .ignored: false
        case .protected: files.tree.places.historyName(name) != nil
        case .sidecar(_, let owner):
            files.tree.places.historyName(owner) != nil || files.tree.places.historyName(name) != nil
        }
    }

    /// Has those polled that are still rapid, and watches the others again.
    mutating func pollRapidLogs() {
        let now = MonotonicInstant.now
        for (name, logs) in rapid.logs {
            let areRapid = logs.allSatisfy { tracker, _ in
                tracker.logs.isRapid(now, wasRapid: true) && tracker.mayBeRapid && files.isWithin(tracker)
            }
            if areRapid { noteWritten(logs) } else { endRapid(in: name) }
        }
        if rapid.nextPoll != nil { rapid.isPolled(now) }
    }

    /// Watches all writes in the directory again, if some of them are not.
    mutating func endRapid(in name: FilePath) {
        guard let logs = rapid.remove(name, .now) else { return }
        do {
            try files.tree.directories.watches.watchAll(of: name)
            takeWrites()
            files.tree.directories.watches.dropMembers(of: name)
        } catch {
            // It may not be read any more. Until it is watched again, nothing tells of its other files.
            events.wereLost("a directory could not be watched again: \(error)")
            files.context.polled.insert(name)
            files.tree.polling.isNeeded(.now)
            takeWrites()
        }
        noteWritten(logs)
    }

    /// Counts the logs as written: nobody tells whether they were.
    mutating func noteRapidLogs() {
        for logs in rapid.logs.values { noteWritten(logs) }
    }

    private mutating func noteWritten(_ logs: [RapidLogs.Log]) {
        for (_, log) in logs { note(log) }
    }

    private mutating func note(_ log: WrittenName) { handleWrite(log.name, log.role, .modified) }
}

extension Tracker {
    /// Whether its log tells all that happens, so that it can do without events of writes to it.
    fileprivate var mayBeRapid: Bool {
        kind == .database && state.image?.usesWAL == true && scan == nil && state.pending.rescanReason == nil
            && !logs.isAbsent
    }
}
