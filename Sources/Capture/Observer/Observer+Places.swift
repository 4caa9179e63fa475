import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Where the root and its directories are. No event of theirs tells that a link to the root means another
/// directory now, or that a file system was mounted over one: so what is passed on the way to the root is
/// watched as well, and the table of mounts.
extension Observer {
    /// Why a directory and all in it is not looked at for now.
    enum Absence {
        /// The root is gone, perhaps for a moment. After that its files count as deleted.
        case missing(since: MonotonicInstant)
        /// The file system was unmounted that was there. What is left is this empty directory, and says
        /// nothing of the files.
        case unmounted(over: FileIdentity)
    }

    /// Time in which a root that went may come back without its files counting as deleted.
    static let missingGrace = Duration.seconds(2)
    /// How often a root that is gone is looked for.
    static let missingPause = Duration.seconds(1)

    /// What is passed on the way to the root, but for what is watched anyway.
    var wayToRoot: [FilePath] {
        let watched = [rootPath, root.kind == .file ? rootPath.removingLastComponent() : rootPath]
        return Directory.way(to: root.path).filter { !watched.contains($0) }
    }

    /// The root's directory: for a root that is a file, the one it lies in.
    private func rootDirectory(at path: FilePath) -> FilePath {
        root.kind == .file ? path.removingLastComponent() : path
    }

    /// Where the root is now. A file that is missing is looked for where it was, or where it would be made.
    private func findRoot() -> FilePath {
        if let path = try? Directory.resolve(root.path) { return path }
        guard root.kind == .file, let last = root.path.lastComponent,
            (try? FileStatus.of(root.path, followingLinks: false)) == nil,
            let directory = try? Directory.resolve(root.path.removingLastComponent())
        else { return rootPath }
        return directory.appending(last)
    }

    /// Looks whether the root and its directories are still the ones that are watched.
    func checkPlaces() {
        checkRoot()
        for (name, directory) in directories.all where !name.isEmpty && !isAway(name.removingLastComponent())
        {
            check(name, directory)
        }
    }

    private func checkRoot() {
        let found = findRoot()
        let path = rootDirectory(at: found)
        guard let status = FileStatus.directIfPresent(path), status.kind == .directory else {
            return rootIsMissing()
        }
        let isSame = found == rootPath && status.identity == directories[""]?.identity
        guard !isSame || isRootMissing || away[""] != nil else { return }
        if staysAway("", at: path, status) { return }
        let wasUnmounted = away[""] != nil && !isRootMissing
        away[""] = nil
        isRootMissing = false
        context.meter.trouble(.place, nil)
        rootPath = found
        for tracker in trackers.values { tracker.relocate(to: found.pushing(root, tracker.name)) }
        watches.addWay(wayToRoot)
        rescan(wasUnmounted ? "the root's file system was unmounted" : "the root was moved or replaced")
    }

    private func rootIsMissing() {
        if !isRootMissing {
            isRootMissing = true
            away[""] = .missing(since: .now)
            context.meter.trouble(.place, "\(root.path.printable) is not there: bring it back")
        } else if case .missing(let since) = away[""], since.duration(to: .now) >= Self.missingGrace {
            away[""] = nil
            for tracker in trackers.values {
                tracker.note(.nameChanged)
                queue.insert(tracker)
            }
        }
        nextPoll = MonotonicInstant.now.advanced(by: Self.missingPause)
    }

    private func check(_ name: FilePath, _ directory: WatchedDirectory) {
        // One that lies in another one that has gone went with it.
        guard directories[name] != nil else { return }
        let path = rootPath.pushing(name)
        let status: FileStatus
        do {
            status = try FileStatus.direct(path)
        } catch {
            if error.isMissing { leave(name) }
            return
        }
        guard status.kind == .directory else { return leave(name) }
        guard status.identity != directory.identity || away[name] != nil else { return }
        if staysAway(name, at: path, status) { return }
        away[name] = nil
        context.meter.trouble(.place, nil)
        enter(name, wasElsewhere: true)
        // Those that are not there any more.
        for tracker in trackers.files(below: name) {
            tracker.note(.nameChanged)
            queue.insert(tracker, isUrgent: false)
        }
    }

    /// Whether the file system that was at the directory is not there, and nothing else has taken its place.
    private func staysAway(_ name: FilePath, at path: FilePath, _ status: FileStatus) -> Bool {
        if case .unmounted(let identity) = away[name] {
            return identity == status.identity && isEmpty(path)
        }
        guard let before = directories[name]?.identity, before.device != status.identity.device,
            let parent = FileStatus.directIfPresent(path.removingLastComponent())?.identity,
            parent.device == status.identity.device, parent.device != before.device, isEmpty(path)
        else { return false }
        away[name] = .unmounted(over: status.identity)
        context.meter.trouble(.place, "the file system at \(path.printable) was unmounted: mount it again")
        return true
    }

    private func isEmpty(_ path: FilePath) -> Bool { (try? OpenDirectory(path).names().isEmpty) ?? false }

    /// Whether the directory, or one that it lies in, is not there for now.
    func isAway(_ directory: FilePath) -> Bool {
        guard !away.isEmpty else { return false }
        return away[""] != nil || away.keys.contains { directory.starts(with: $0) }
    }
}
