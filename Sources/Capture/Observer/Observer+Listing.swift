import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

extension Observer {
    /// Watches and lists everything, and takes up what the repository knows.
    func begin(_ files: [ProtectedFile]) throws {
        let databases = Set(files.lazy.filter { $0.kind == .database && $0.isAlive }.map(\.name))
        for file in files {
            guard scope.protects(file.name) else {
                released[file.name] = (file.id, file.kind)
                continue
            }
            if file.kind == .plain, case .sidecar(_, let owner) = scope.role(of: file.name),
                databases.contains(owner)
            {
                // It was a plain file before there was the database.
                released[file.name] = (file.id, file.kind)
                continue
            }
            let tracker = Tracker(
                file: file.id,
                name: file.name,
                path: rootPath.pushing(root, file.name),
                kind: file.kind,
                image: file.observedImage,
                firstEvent: file.last == nil ? .baseline : .created,
                knownGoodUntil: knownGoodUntil,
                context: context
            )
            if file.last != nil {
                context.queue.put(
                    .gapSuspected(file.id, since: knownGoodUntil, reason: "holdfast was not running")
                )
            }
            trackers.insert(tracker)
            joinGroup(tracker)
            queue.insert(tracker, isUrgent: false)
        }
        try listRoot()
        list(until: nil)
        handOverGoneDirectories()
        // Last: where watches are few, the directories need them more.
        watches.addWay(wayToRoot)
        isListed = true
    }

    /// Watches the root, and lists everything under it anew; directories that are not there any more are
    /// forgotten in the end.
    func listRoot() throws {
        listing = nil
        unlisted = DirectoryQueue()
        before = Set(directories.all.keys)
        directories = DirectoryTable()
        byDesign = [:]
        context.meter.forgetDesigned()
        switch root.kind {
        case .directory:
            let opened = try OpenDirectory(rootPath)
            try watch("", opened)
            handOver(directory: "", opened)
            listing = Listing(name: "", directory: opened, names: try opened.names(), wasElsewhere: false)
        case .file:
            try watch("", OpenDirectory(rootPath.removingLastComponent()))
            if let name = rootPath.lastComponent { _ = tracker(for: FilePath(root: nil, components: name)) }
            endListing()
        }
    }

    /// Goes on with the listings until the time is over; nil: to their end. Directories wait in a queue of
    /// their own, so neither the stack nor the open files grow with the depth of a tree.
    func list(until deadline: MonotonicInstant?) {
        while isListing {
            while let last = listing?.names.popLast(), let listing {
                let name = listing.name.appending(last)
                do throws(SystemError) {
                    found(name, try listing.directory.status(of: last), wasElsewhere: listing.wasElsewhere)
                } catch {
                    if !error.isMissing { couldNotSee(name, error) }
                }
                if let deadline, MonotonicInstant.now >= deadline { return }
                guard isListed || requests.stop == nil else {
                    isListingCutShort = true
                    return
                }
            }
            listing = nil
            if let next = unlisted.take() { beginListing(next.name, wasElsewhere: next.wasElsewhere) }
        }
        endListing()
    }

    var isListing: Bool { listing != nil || !unlisted.isEmpty }

    private func endListing() {
        for name in before where directories[name] == nil { forget(directory: name) }
        before = []
        tellOfPolling()
    }

    /// What has that name, when its directory is listed or it appears.
    func found(_ name: FilePath, _ status: FileStatus, wasElsewhere: Bool) {
        switch status.kind {
        case .directory: enter(name, wasElsewhere: wasElsewhere)
        case .regular:
            guard let tracker = tracker(for: name) else { return }
            if wasElsewhere, tracker.state.presence.isThere {
                tracker.eventsWereLost("its directory was elsewhere", since: knownGoodUntil)
            } else {
                tracker.note(.nameChanged)
            }
            queue.insert(tracker, isUrgent: false)
        case .symbolicLink, .pipe, .socket, .device: leaveOutUnlessFile(name, status.kind)
        }
    }

    func isWatchable(_ name: FilePath, _ status: FileStatus) -> Bool {
        status.kind == .directory && !scope.leavesOut(directory: name)
            && status.identity != repositoryIdentity
    }

    /// A directory appeared under the root, or is asked for again. What is in one that `wasElsewhere` may
    /// have been written there.
    func enter(_ name: FilePath, wasElsewhere: Bool) {
        unlisted.add(name, wasElsewhere: wasElsewhere)
    }

    /// Watches it first, then lists it, so that a file made in between is not missed. What goes wrong there
    /// must not hinder the rest.
    private func beginListing(_ name: FilePath, wasElsewhere: Bool) {
        do {
            let opened = try OpenDirectory(rootPath.pushing(name))
            let status = try opened.status()
            guard isWatchable(name, status) else { return }
            let parent = directories[name.removingLastComponent()]
            if parent?.identity.device != status.identity.device,
                let pseudo = FileSystem.nameIfPseudo(opened)
            {
                return try leaveOut(fileSystem: pseudo, name, opened)
            }
            try watch(name, opened)
            let names = try opened.names()
            if isRepository(name, opened, names) { return leaveOutByDesign(name, .repository) }
            takeIn(directory: name)
            handOver(directory: name, opened)
            listing = Listing(name: name, directory: opened, names: names, wasElsewhere: wasElsewhere)
        } catch {
            if !error.isMissing { leaveOut(directory: name, error) }
        }
    }

    /// The directory cannot be watched or listed; the slow round tries again.
    func leaveOut(directory name: FilePath, _ error: any Error) {
        leftOutDirectories.insert(name)
        context.meter.leftOut(rootPath.pushing(name).printable, error)
    }

    func takeIn(directory name: FilePath) {
        if byDesign.removeValue(forKey: name) != nil {
            context.meter.leftOutByDesign(rootPath.pushing(root, name), nil)
        }
        guard leftOutDirectories.remove(name) != nil else { return }
        context.meter.leftOut(rootPath.pushing(name).printable, nil)
    }

    func watch(_ name: FilePath, _ directory: OpenDirectory) throws(SystemError) {
        let path = directory.path
        let status = try directory.status()
        var polledBecause = FileSystem.nameIfShared(directory).map {
            "\(path.printable) is on \($0), which does not tell of changes from elsewhere"
        }
        do {
            try watches.add(name, directory)
        } catch {
            guard let limit = WatchLimitError(error) else { throw error }
            polledBecause = "\(limit)"
        }
        directories[name] = WatchedDirectory(status, polledBecause: polledBecause)
        if polledBecause == nil { context.polled.remove(name) } else { context.polled.insert(name) }
    }

    /// The directory of that name is not there any more.
    func forget(directory name: FilePath) {
        handOverIfGone(directory: name)
        directories[name] = nil
        context.polled.remove(name)
        away[name] = nil
        watches.remove(name)
        takeIn(directory: name)
    }

    /// An empty directory was removed.
    func directoryRemoved(_ name: FilePath) {
        // Another of that name may have come already.
        let present = FileStatus.directIfPresent(rootPath.pushing(name))
        guard let identity = directories[name]?.identity else {
            if byDesign[name] != nil || leftOutDirectories.contains(name), present == nil {
                takeIn(directory: name)
            }
            return
        }
        // A file may have got the inode of a directory that is gone.
        guard present?.kind != .directory || present?.identity != identity else { return }
        forget(directory: name)
        tellOfPolling()
    }

    /// A directory went with all that is in it.
    func leave(_ name: FilePath) {
        for tracker in trackers.files(below: name) {
            tracker.note(.nameChanged)
            queue.insert(tracker, isUrgent: false)
        }
        for other in directories.names(from: name) { directoryRemoved(other) }
    }

    /// Everything may have changed without an event.
    func rescan(_ reason: String) {
        do {
            try listRoot()
            takeIn(directory: "")
        } catch {
            endListing()
            leaveOut(directory: "", error)
        }
        for tracker in trackers.values {
            tracker.eventsWereLost(reason, since: knownGoodUntil)
            queue.insert(tracker, isUrgent: false)
        }
    }
}

/// Directories that are to be listed, each once however often it is asked for.
struct DirectoryQueue {
    private var queue: [FilePath] = []
    private var wereElsewhere: [FilePath: Bool] = [:]

    var isEmpty: Bool { queue.isEmpty }

    mutating func add(_ name: FilePath, wasElsewhere: Bool) {
        if let known = wereElsewhere.updateValue(wasElsewhere, forKey: name) {
            wereElsewhere[name] = known || wasElsewhere
        } else {
            queue.append(name)
        }
    }

    /// The last one that was added: so a tree is gone through to its depth before the next one begins.
    mutating func take() -> (name: FilePath, wasElsewhere: Bool)? {
        guard let name = queue.popLast() else { return nil }
        return (name, wereElsewhere.removeValue(forKey: name) ?? false)
    }

    /// Without the directory and those below it.
    mutating func remove(below top: FilePath) {
        for name in queue where name.starts(with: top) { wereElsewhere[name] = nil }
        queue.removeAll { $0.starts(with: top) }
    }
}

/// A directory that is watched, and whose names are gone through.
struct Listing {
    /// Relative to the root.
    let name: FilePath
    let directory: OpenDirectory
    /// Those that are left, the next one last.
    var names: [FilePath.Component]
    /// What is in it may have been written where no event told.
    let wasElsewhere: Bool

    init(name: FilePath, directory: OpenDirectory, names: [FilePath.Component], wasElsewhere: Bool) {
        self.name = name
        self.directory = directory
        self.names = names.reversed()
        self.wasElsewhere = wasElsewhere
    }
}

/// A directory under the root.
struct WatchedDirectory {
    let identity: FileIdentity
    /// Who might do what in it when it was watched.
    let ownership: FileOwnership
    /// Why events do not tell all that happens in it; nil when they do.
    let polledBecause: String?

    init(_ status: FileStatus, polledBecause: String?) {
        identity = status.identity
        ownership = status.ownership
        self.polledBecause = polledBecause
    }
}

extension FilePath {
    /// The path of a root's file: for a root that is one file, that is the root itself.
    func pushing(_ root: RootDescription, _ name: FilePath) -> FilePath {
        root.kind == .file || name.isEmpty ? self : pushing(name)
    }
}

extension ProtectedFile {
    /// What the observer starts from; nil when there is no image.
    var observedImage: ObservedImage? {
        guard let last, last.event != .deleted else { return nil }
        return ObservedImage(shape: last.shape)
    }

    var isAlive: Bool { last.map { $0.event != .deleted } ?? false }
}
