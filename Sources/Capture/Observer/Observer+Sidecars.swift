import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage

/// Which files are protected by themselves.
///
/// A file whose name is that of another one with `-wal`, `-journal` or `-shm` behind it is a sidecar if and
/// only if that other one is there and captured as a database. Else it is a protected file, and captured
/// together with the other one, should that be there: of an encrypted database the one is of no use without
/// the other.
extension Observer {
    /// The tracker of a protected file; made if it is new. Nil for what is no protected file.
    func tracker(for name: FilePath) -> Tracker? {
        var name = name
        if root.kind == .file {
            // Events know the file itself; its history has the name under which the root was given, a link
            // perhaps.
            guard let real = rootPath.lastComponent, let given = root.path.lastComponent,
                name == FilePath(root: nil, components: real)
            else { return nil }
            name = FilePath(root: nil, components: given)
        }
        if let tracker = trackers[name] { return tracker }
        guard scope.role(of: name) != .ignored else { return nil }
        // The usual one: nothing of it needs to be asked.
        if case .sidecar(_, let owner) = scope.role(of: name), let owner = trackers[owner],
            owner.kind == .database, owner.state.presence.isThere
        {
            return nil
        }
        let path = rootPath.pushing(root, name)
        guard let status = status(of: name, at: path) else { return nil }
        guard status.kind == .regular else {
            leaveOutUnlessFile(name, status.kind)
            return nil
        }
        guard isOnRealFileSystem(name, status), !isRepositoryMark(name) else { return nil }
        if root.kind == .directory, case .sidecar(_, let owner) = scope.role(of: name) {
            undecided[owner, default: []].insert(name)
            decideSidecars(of: owner)
            return trackers[name]
        }
        return makeTracker(name, path)
    }

    private func makeTracker(_ name: FilePath, _ path: FilePath) -> Tracker {
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
        trackers.insert(tracker)
        queue.insert(tracker, isUrgent: isListed)
        return tracker
    }

    /// Whether a file is no part of a file system that the kernel makes up, mounted over a single file.
    private func isOnRealFileSystem(_ name: FilePath, _ status: FileStatus) -> Bool {
        guard root.kind == .directory, let directory = directories[name.removingLastComponent()],
            directory.identity.device != status.identity.device,
            let pseudo = FileSystem.nameIfPseudo(rootPath.pushing(name))
        else { return true }
        leaveOutByDesign(name, .fileSystem(pseudo))
        return false
    }

    /// Makes protected files of those that turn out to be no sidecars, once their owner was looked at.
    func decideSidecars(of owner: FilePath, wasLookedAt: Bool = false) {
        guard let names = undecided[owner] else { return }
        if let known = tracker(for: owner) {
            if known.kind == .database, known.state.presence.isThere {
                undecided[owner] = nil
                return
            }
            // Until it was looked at it may be either.
            guard known.state.ledger.capturedThrough != nil, known.isAtRest,
                !known.state.presence.obstacles.isLeftOut
            else { return }
            if !wasLookedAt, known.state.presence.isThere, known.mayBeMadeDatabase {
                known.note(.nameChanged)
                return queue.insert(known)
            }
        } else if case .sidecar(_, let other) = scope.role(of: owner),
            undecided[other]?.contains(owner) == true
        {
            // The owner itself waits to be known.
            return
        }
        undecided[owner] = nil
        for name in names where trackers[name] == nil {
            let path = rootPath.pushing(name)
            guard status(of: name, at: path)?.kind == .regular else { continue }
            joinGroup(makeTracker(name, path))
        }
    }

    /// A plain file has become a database, or the other way round.
    func kindChanged(_ tracker: Tracker) {
        guard root.kind == .directory else { return }
        for sidecar in Sidecar.allCases {
            let name = tracker.name.appending(suffix: sidecar.rawValue)
            switch tracker.kind {
            case .database:
                // A database of its own stays one.
                if let other = trackers[name], other.kind == .plain { end(other) }
            case .plain: _ = self.tracker(for: name)
            }
        }
        switch tracker.kind {
        case .database: leaveGroup(tracker)
        case .plain: joinGroup(tracker)
        }
    }

    /// Has the file captured together with the one whose sidecar its name says that it is.
    func joinGroup(_ tracker: Tracker) {
        guard root.kind == .directory, tracker.kind == .plain,
            case .sidecar(_, let name) = scope.role(of: tracker.name), let owner = trackers[name],
            owner.kind == .plain
        else { return }
        let group = groups[name] ?? FileGroup(owner)
        groups[name] = group
        group.add(tracker)
    }

    /// The file is captured by itself again, or not at all.
    func leaveGroup(_ tracker: Tracker) {
        guard let group = tracker.group else { return }
        group.remove(tracker)
        guard group.owner === tracker || group.members.count < 2 else { return }
        for member in group.members { group.remove(member) }
        groups[group.owner.name] = nil
    }
}
