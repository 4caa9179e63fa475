import LinuxFiles
import Repository
import SystemPackage

extension Observer {
    /// Watches and lists everything, and takes up what the repository knows.
    func begin(_ files: [ProtectedFile]) throws {
        for file in files where scope.protects(file.name) {
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
                    .suspect(file.id, since: knownGoodUntil, reason: "holdfast was not running")
                )
            }
            trackers[file.name] = tracker
            markDue(tracker)
        }
        try listRoot()
        // Last: where watches are few, the directories need them more.
        watches.addWay(wayToRoot)
        isListed = true
    }

    /// Watches and lists everything under the root anew; directories that are not there any more are forgotten.
    func listRoot() throws {
        let before = directories
        directories = [:]
        defer {
            for name in before.keys where directories[name] == nil { forget(directory: name) }
            tellOfPolling()
        }
        switch root.kind {
        case .directory: try watchTree("", at: rootPath)
        case .file:
            try watch("", OpenDirectory(rootPath.removingLastComponent()))
            if let name = rootPath.lastComponent { _ = tracker(for: FilePath(root: nil, components: name)) }
        }
    }

    /// Watches first, then lists, so that a file made in between is not missed. `found` gets each protected file.
    private func watchTree(
        _ directory: FilePath,
        at path: FilePath,
        _ found: (Tracker) -> Void = { $0.nameChanged() }
    ) throws(SystemError) {
        let opened = try OpenDirectory(path)
        try watch(directory, opened)
        for last in try opened.names() {
            guard mailbox.stop == nil else {
                isListingCutShort = true
                return
            }
            let name = directory.appending(last)
            let path = path.appending(last)
            guard let status = try? opened.status(of: last) else { continue }
            switch status.kind {
            case .directory:
                if isWatchable(name, status) { watchTreeIfPossible(name, at: path, found) }
            case .regular:
                guard case .protected = scope.role(of: name), let tracker = tracker(for: name) else {
                    continue
                }
                found(tracker)
                markDue(tracker)
            case .symbolicLink, .other: continue
            }
        }
    }

    func isWatchable(_ name: FilePath, _ status: FileStatus) -> Bool {
        status.kind == .directory && !scope.leavesOut(directory: name)
            && status.identity != repositoryIdentity
    }

    /// The same for a directory in it: what goes wrong there must not hinder the rest.
    private func watchTreeIfPossible(_ name: FilePath, at path: FilePath, _ found: (Tracker) -> Void) {
        do {
            try watchTree(name, at: path, found)
            takeIn(directory: name)
        } catch {
            if !error.isMissing { leaveOut(directory: name, error) }
        }
    }

    /// The directory cannot be watched or listed; the slow round tries again.
    private func leaveOut(directory name: FilePath, _ error: any Error) {
        leftOutDirectories.insert(name)
        context.meter.leftOut(rootPath.appending(name.components).printable, error)
    }

    private func takeIn(directory name: FilePath) {
        guard leftOutDirectories.remove(name) != nil else { return }
        context.meter.leftOut(rootPath.appending(name.components).printable, nil)
    }

    private func watch(_ name: FilePath, _ directory: OpenDirectory) throws(SystemError) {
        let path = directory.path
        let identity = try directory.status().identity
        var polledBecause = FileSystem.nameIfShared(directory).map {
            "\(path.printable) is on \($0), which does not tell of changes from elsewhere"
        }
        do {
            try watches.add(name, directory)
        } catch {
            guard let limit = WatchLimitError(error) else { throw error }
            polledBecause = "\(limit)"
        }
        directories[name] = WatchedDirectory(identity: identity, polledBecause: polledBecause)
        if polledBecause == nil { context.polled.remove(name) } else { context.polled.insert(name) }
    }

    /// The directory of that name is not there any more.
    func forget(directory name: FilePath) {
        directories[name] = nil
        context.polled.remove(name)
        away[name] = nil
        watches.remove(name)
        takeIn(directory: name)
    }

    /// A directory appeared under the root. What is in one that `wasElsewhere` may have been written there.
    func enter(_ name: FilePath, wasElsewhere: Bool) {
        let path = rootPath.appending(name.components)
        guard let status = try? FileStatus.direct(path), isWatchable(name, status) else {
            return
        }
        watchTreeIfPossible(name, at: path) { [knownGoodUntil] tracker in
            if wasElsewhere, tracker.identity != nil {
                tracker.eventsWereLost("its directory was elsewhere", since: knownGoodUntil)
            } else {
                tracker.nameChanged()
            }
        }
        tellOfPolling()
    }

    /// An empty directory was removed.
    func directoryRemoved(_ name: FilePath) {
        // Another of that name may have come already.
        guard let identity = directories[name]?.identity,
            FileStatus.directIfPresent(rootPath.appending(name.components))?.identity != identity
        else { return }
        forget(directory: name)
        tellOfPolling()
    }

    /// A directory went with all that is in it.
    func leave(_ name: FilePath) {
        for other in directories.keys where other.starts(with: name) { directoryRemoved(other) }
        for tracker in trackers.values where tracker.name.starts(with: name) {
            tracker.nameChanged()
            markDue(tracker)
        }
    }

    /// Everything may have changed without an event.
    func rescan(_ reason: String) {
        do {
            try listRoot()
            takeIn(directory: "")
        } catch {
            leaveOut(directory: "", error)
        }
        for tracker in trackers.values {
            tracker.eventsWereLost(reason, since: knownGoodUntil)
            markDue(tracker)
        }
    }

    /// The tracker of a protected file; made if it is new. Nil for a name that a single-file root leaves out.
    func tracker(for name: FilePath) -> Tracker? {
        var name = name
        if root.kind == .file {
            // Events know the file itself; its history has the name under which the root was given, a link perhaps.
            guard let real = rootPath.lastComponent, let given = root.path.lastComponent,
                name == FilePath(root: nil, components: real)
            else { return nil }
            name = FilePath(root: nil, components: given)
        }
        if let tracker = trackers[name] { return tracker }
        let path = rootPath.pushing(root, name)
        guard let status = try? FileStatus.direct(path), status.kind == .regular else {
            return nil
        }
        let known = released.removeValue(forKey: name)
        let tracker = Tracker(
            file: known?.file ?? nextFile,
            name: name,
            path: path,
            kind: known?.kind ?? .plain,
            image: nil,
            firstEvent: isListed ? .created : .baseline,
            knownGoodUntil: .now,
            context: context
        )
        if known == nil {
            context.queue.put(.declare(nextFile, name: name, kind: .plain))
            nextFile = nextFile.next
        }
        trackers[name] = tracker
        markDue(tracker)
        return tracker
    }
}

/// A directory under the root.
struct WatchedDirectory {
    let identity: FileIdentity
    /// Why events do not tell all that happens in it; nil when they do.
    let polledBecause: String?
}

extension FilePath {
    /// The path of a root's file: for a root that is one file, that is the root itself.
    func pushing(_ root: RootDescription, _ name: FilePath) -> FilePath {
        root.kind == .file ? self : appending(name.components)
    }
}

extension ProtectedFile {
    /// What the observer starts from; nil when there is no image.
    var observedImage: ObservedImage? {
        guard let last, last.event != .deleted else { return nil }
        return ObservedImage(shape: last.shape)
    }
}
