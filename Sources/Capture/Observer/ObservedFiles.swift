import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage

/// The protected files of a root, and a tracker for each. Sidecars of a database have none of their own.
///
/// A file `X-wal`, `X-journal` or `X-shm` is a sidecar if and only if X is there and captured as a database.
/// Otherwise it is a protected file. If X is there too, both are captured together: X may be an encrypted
/// database.
struct ObservedFiles: ~Copyable {
    let scope: RootScope
    let context: CaptureContext
    var tree: ObservedTree
    private(set) var trackers = TrackerTable()
    var queue = ProcessQueue()
    private var numbers: FileNumbers
    private var candidates = SidecarCandidates()
    private var groups = FileGroups()
    /// Trackers of files that are gone, until their deletion is durable.
    private var gone: [Tracker] = []

    init(_ start: ObserverStart, _ tree: consuming ObservedTree, _ context: CaptureContext) {
        self.tree = tree
        scope = start.scope
        self.context = context
        numbers = FileNumbers(after: start.files.map(\.id).max())
    }

    /// Makes a tracker for each file that the repository knows.
    mutating func takeUp(_ files: [ProtectedFile], knownGoodUntil: Instant) {
        let databases = Set(files.lazy.filter { $0.kind == .database && $0.observedImage != nil }.map(\.name))
        for file in files {
            // It may have been a file before X was a database.
            let isSidecar =
                file.kind == .plain && scope.owner(of: file.name).map(databases.contains) ?? false
            guard scope.protects(file.name), !isSidecar else {
                numbers.release(file.name, file.id, file.kind)
                continue
            }
            let tracker = Tracker(
                file: file.id,
                name: file.name,
                path: tree.places.path(of: file.name),
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
    }

    /// Whether the tracker is still that of its name, and the file's directory is there.
    func isWithin(_ tracker: Tracker) -> Bool {
        trackers[tracker.name] === tracker && !tree.places.isUnavailable(file: tracker.name)
    }

    /// Has the file captured together with its owner, or with what may be its sidecars, in whatever order
    /// they came. Databases are in no group.
    private mutating func joinGroup(_ tracker: Tracker) {
        guard !tree.places.isOneFile else { return }
        if let owner = scope.owner(of: tracker.name).flatMap({ trackers[$0] }) { groups.join(tracker, owner) }
        for sidecar in Sidecar.allCases {
            guard let other = trackers[tracker.name.appending(suffix: sidecar.rawValue)] else { continue }
            groups.join(other, tracker)
        }
    }
}

// Files that come
extension ObservedFiles {
    /// The tracker of a protected file; made if it is new. Nil for what is no protected file, or not known to
    /// be one yet. `role`: of the name, if the caller has it.
    mutating func tracker(for name: FilePath, role: RootScope.Role? = nil) -> Tracker? {
        guard let name = tree.places.historyName(name) else { return nil }
        if let tracker = trackers[name] { return tracker }
        let role = (tree.places.isOneFile ? nil : role) ?? scope.role(of: name)
        guard role != .ignored else { return nil }
        // Most often: the sidecar of a known database.
        if case .sidecar(_, let owner) = role, let owner = trackers[owner],
            owner.kind == .database, owner.state.presence.isThere
        {
            return nil
        }
        guard let status = tree.status(of: name) else { return nil }
        guard status.kind == .regular else {
            tree.leaveOutUnlessFile(name, status.kind)
            return nil
        }
        guard tree.places.isOneFile || leavesIn(name, status) else { return nil }
        if !tree.places.isOneFile, case .sidecar(_, let owner) = role {
            candidates.insert(name, of: owner)
            askOwner(owner)
            decideSidecars(of: owner)
            return trackers[name]
        }
        return makeTracker(name)
    }

    private mutating func makeTracker(_ name: FilePath) -> Tracker {
        let number = numbers.take(name)
        let tracker = Tracker(
            file: number.file,
            name: name,
            path: tree.places.path(of: name),
            kind: number.kind,
            image: nil,
            firstEvent: tree.listing.isListed ? .created : .baseline,
            knownGoodUntil: .now,
            context: context
        )
        if number.isNew { context.queue.put(.declare(number.file, name: name, kind: .plain)) }
        trackers.insert(tracker)
        joinGroup(tracker)
        queue.insert(tracker, isUrgent: tree.listing.isListed)
        return tracker
    }

    /// Whether the file may be protected. If it belongs to a virtual file system, a remote or a repository,
    /// that is left out. A repository that is only being made is passed over this time.
    private mutating func leavesIn(_ name: FilePath, _ status: FileStatus) -> Bool {
        let path = tree.places.path(of: name)
        let directory = name.removingLastComponent()
        if let device = tree.directories[directory]?.identity.device, device != status.identity.device,
            let pseudo = FileSystem.nameIfPseudo(path)
        {
            leaveOut(name, .fileSystem(pseudo))
            return false
        }
        guard !directory.isEmpty else { return true }
        if name.lastComponent == RemoteMark.file,
            FileStatus.directIfPresent(path.removingLastComponent().appending(RemoteMark.directory))?.kind
                == .directory
        {
            leaveOut(directory, .remote)
            return false
        }
        guard name.lastComponent == NestedRepository.file else { return true }
        switch RepositoryDirectory.mark(at: path) {
        case .isOther: return true
        case .isUnfinished: return false
        case .isRepository:
            leaveOut(directory, .repository)
            return false
        }
    }

    private mutating func leaveOut(_ name: FilePath, _ reason: DesignedReason) {
        tree.leaveOut(name, reason)
        end(below: name)
    }

    /// Takes in what has that name, when its directory is listed.
    mutating func found(_ name: FilePath, _ status: FileStatus, wasElsewhere: Bool, since: Instant) {
        switch status.kind {
        case .directory: tree.listing.add(name, wasElsewhere: wasElsewhere)
        case .regular:
            guard let tracker = tracker(for: name) else { return }
            if wasElsewhere, tracker.state.presence.isThere {
                tracker.eventsWereLost("its directory was elsewhere", since: since)
            } else {
                tracker.note(.nameChanged)
            }
            queue.insert(tracker, isUrgent: false)
        case .symbolicLink, .pipe, .socket, .device: tree.leaveOutUnlessFile(name, status.kind)
        }
    }

    /// Takes in what is new in a directory whose events do not report everything.
    mutating func pollNames(in directory: FilePath) {
        guard !tree.places.isOneFile, let listed = try? OpenDirectory(tree.places.path(of: directory)),
            let names = try? listed.names()
        else { return }
        for last in names {
            let name = directory.appending(last)
            guard trackers[name] == nil, tree.directories[name] == nil,
                let status = try? listed.status(of: last)
            else { continue }
            if tree.isWatchable(name, status) {
                tree.listing.add(name, wasElsewhere: false)
            } else if status.kind == .regular {
                _ = tracker(for: name)
            }
        }
    }
}

// Databases and their sidecars
extension ObservedFiles {
    /// An empty file may be a database by what came beside it: has it processed. If that is being done now,
    /// it has not seen the new file.
    private mutating func askOwner(_ owner: FilePath) {
        guard let known = trackers[owner], known.mayBeMadeDatabase, known.state.presence.isThere else {
            return
        }
        known.note(.nameChanged)
        queue.insert(known)
    }

    /// Decides about the candidates of this owner: sidecars get no tracker, others become protected files.
    private mutating func decideSidecars(of owner: FilePath) {
        guard candidates.hasAny(of: owner) else { return }
        if let known = tracker(for: owner) {
            switch SidecarCandidates.verdict(known) {
            case .files: break
            case .undecided: return
            case .sidecars:
                _ = candidates.take(of: owner)
                return
            }
        } else if let other = scope.owner(of: owner), candidates.contains(owner, of: other) {
            // The owner is undecided itself, as in `X-wal-wal`.
            return
        }
        for name in candidates.take(of: owner) where trackers[name] == nil {
            guard tree.status(of: name)?.kind == .regular else { continue }
            _ = makeTracker(name)
        }
    }

    mutating func decideSidecars() {
        for owner in candidates.owners { decideSidecars(of: owner) }
    }

    /// Acts on what came of processing the file. `kind`: what it was before.
    mutating func processed(_ tracker: Tracker, was kind: FileKind) {
        queue.processed(tracker)
        if tracker.isGone {
            gone.append(tracker)
            // What a database leaves behind may hold its last commits.
            if tracker.kind == .database { noticeSidecars(of: tracker) }
        }
        if context.openLogs > context.budget.logs { trackers.suspendLogs(context) }
        if kind != tracker.kind, !tree.places.isOneFile { kindChanged(tracker) }
        decideSidecars(of: tracker.name)
    }

    /// A plain file has become a database, or a database a plain file.
    private mutating func kindChanged(_ tracker: Tracker) {
        switch tracker.kind {
        case .database:
            for sidecar in Sidecar.allCases {
                // One that is a database itself stays.
                guard let other = trackers[tracker.name.appending(suffix: sidecar.rawValue)],
                    other.kind == .plain
                else { continue }
                end(other)
            }
            groups.leave(tracker)
        case .plain:
            noticeSidecars(of: tracker)
            joinGroup(tracker)
        }
    }

    /// What has such a name may be a protected file by now.
    private mutating func noticeSidecars(of tracker: Tracker) {
        guard !tree.places.isOneFile else { return }
        for sidecar in Sidecar.allCases {
            _ = self.tracker(for: tracker.name.appending(suffix: sidecar.rawValue))
        }
    }
}

// Files that go
extension ObservedFiles {
    /// Stops protecting the file. Its history gets a deletion, and its number is kept.
    private mutating func end(_ tracker: Tracker) {
        tracker.recordDeletion()
        tracker.logs.close(context)
        release(tracker)
    }

    /// Ends everything below the directory that is not in one of the mounts.
    mutating func end(below directory: FilePath, apartFrom mounts: [FilePath] = []) {
        for tracker in trackers.files(below: directory)
        where !mounts.contains(where: { tracker.name.starts(with: $0) }) {
            end(tracker)
        }
    }

    private mutating func release(_ tracker: Tracker) {
        groups.leave(tracker)
        trackers.remove(tracker)
        numbers.release(tracker.name, tracker.file, tracker.kind)
        queue.remove(tracker)
    }

    /// Gives up the trackers of files that are gone, so that names that come and go take next to no memory.
    mutating func releaseGone() {
        var waiting: [Tracker] = []
        for tracker in gone where tracker.isGone && trackers[tracker.name] === tracker {
            if context.queue.isSettled(tracker.file) { release(tracker) } else { waiting.append(tracker) }
        }
        gone = waiting
    }
}

extension RootScope {
    /// `X` for `X-wal`, `X-shm` and `X-journal`.
    fileprivate func owner(of name: FilePath) -> FilePath? {
        if case .sidecar(_, let owner) = role(of: name) { owner } else { nil }
    }
}

extension ProtectedFile {
    /// What the observer starts from; nil when there is no image.
    fileprivate var observedImage: ObservedImage? {
        guard let last, last.event != .deleted else { return nil }
        return ObservedImage(shape: last.shape)
    }
}
