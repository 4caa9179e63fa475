import LinuxFiles
import Repository
import SystemPackage

extension Observer {
    /// Watches and lists everything, and takes up what the repository knows.
    func begin(_ files: [ProtectedFile]) throws {
        for file in files where isInScope(file.name) {
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
        switch root.kind {
        case .directory: try watchTree("", at: rootPath)
        case .file:
            try watches.add("", at: rootPath.removingLastComponent())
            if let name = root.path.lastComponent { _ = tracker(for: FilePath(root: nil, components: name)) }
        }
        isListed = true
    }

    private func isInScope(_ name: FilePath) -> Bool {
        guard case .protected = scope.role(of: name) else { return false }
        var directory = name.removingLastComponent()
        while !directory.isEmpty {
            if scope.leavesOut(directory: directory) { return false }
            directory = directory.removingLastComponent()
        }
        return true
    }

    /// Watches first, then lists, so that a file made in between is not missed.
    private func watchTree(_ directory: FilePath, at path: FilePath) throws {
        try watches.add(directory, at: path)
        for last in try Directory.names(in: path) {
            let name = directory.appending(last)
            guard let status = try? FileStatus.of(path.appending(last), followingLinks: false) else {
                continue
            }
            switch status.kind {
            case .directory:
                guard !scope.leavesOut(directory: name), status.identity != repositoryIdentity else {
                    continue
                }
                do {
                    try watchTree(name, at: path.appending(last))
                } catch let error as SystemError where error.isMissing {
                    continue
                } catch let error as SystemError where error.isForbidden {
                    context.meter.leftOut(path.appending(last).printable, error.description)
                }
            case .regular:
                if case .protected = scope.role(of: name) { _ = tracker(for: name) }
            case .symbolicLink, .other: continue
            }
        }
    }

    /// A directory appeared under the root.
    func enter(_ name: FilePath) {
        let path = rootPath.appending(name.components)
        guard !scope.leavesOut(directory: name), let status = try? FileStatus.of(path, followingLinks: false),
            status.kind == .directory, status.identity != repositoryIdentity
        else { return }
        do {
            try watchTree(name, at: path)
        } catch let error as SystemError where error.isMissing {
            return
        } catch {
            context.meter.trouble("\(error)")
        }
        for tracker in trackers.values where tracker.name.starts(with: name) {
            tracker.nameChanged()
            markDue(tracker)
        }
    }

    /// A directory went.
    func leave(_ name: FilePath) {
        for tracker in trackers.values where tracker.name.starts(with: name) {
            tracker.nameChanged()
            markDue(tracker)
        }
    }

    /// A watched directory was deleted or moved itself; for the root that means to find it again.
    func directoryWent(_ directory: FilePath) {
        if directory.isEmpty {
            rescan("the root's directory was moved or deleted")
        } else {
            leave(directory)
        }
    }

    /// Everything may have changed without an event.
    func rescan(_ reason: String) {
        if let path = try? Directory.resolve(root.path) { rootPath = path }
        do {
            if root.kind == .directory { try watchTree("", at: rootPath) }
        } catch {
            context.meter.trouble("\(error)")
        }
        for tracker in trackers.values {
            tracker.eventsWereLost(reason)
            markDue(tracker)
        }
    }

    /// What no event told: a file written under another name, or on a file system without events.
    func makeRound() {
        for tracker in trackers.values {
            if tracker.isLeftOut { markDue(tracker) }
            if tracker.audit.wantEvery(auditInterval, now: .now) { markDue(tracker) }
            guard tracker.isAtRest else { continue }
            let status = FileStatus.ifPresent(tracker.path)
            if status?.identity != tracker.identity {
                tracker.nameChanged()
                markDue(tracker)
            } else if let status, let stamp = tracker.stamp, ContentStamp(status) != stamp {
                tracker.stamp = ContentStamp(status)
                tracker.contentModified()
                markDue(tracker)
            }
        }
    }

    /// The tracker of a protected file; made if it is new. Nil for a name that a single-file root leaves out.
    func tracker(for name: FilePath) -> Tracker? {
        if let tracker = trackers[name] { return tracker }
        if root.kind == .file, FilePath(root: nil, components: root.path.lastComponent!) != name {
            return nil
        }
        let path = rootPath.pushing(root, name)
        guard let status = try? FileStatus.of(path, followingLinks: root.kind == .file),
            status.kind == .regular
        else { return nil }
        let tracker = Tracker(
            file: nextFile,
            name: name,
            path: path,
            kind: .plain,
            image: nil,
            firstEvent: isListed ? .created : .baseline,
            knownGoodUntil: .now,
            context: context
        )
        context.queue.put(.declare(nextFile, name: name, kind: .plain))
        nextFile = FileID(nextFile.rawValue + 1)
        trackers[name] = tracker
        markDue(tracker)
        return tracker
    }
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
