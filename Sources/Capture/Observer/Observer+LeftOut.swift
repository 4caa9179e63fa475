import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// What is left out by design: no fault of anybody, and said once.
extension Observer {
    /// Whether the directory is a repository of Holdfast, or a part of one that is being copied.
    func isRepository(_ name: FilePath, _ directory: OpenDirectory, _ names: [FilePath.Component]) -> Bool {
        if names.contains(Self.repositoryFile),
            RepositoryDirectory.mark(at: directory.path.appending(Self.repositoryFile)) == .isRepository
        {
            return true
        }
        return isPartOfRepository(name, names)
    }

    /// A copy may bring `roots/<id>` before `repository.json`. Nothing else has that name and that content.
    private func isPartOfRepository(_ name: FilePath, _ names: [FilePath.Component]) -> Bool {
        guard let last = name.lastComponent, RootID(last.string) != nil,
            name.removingLastComponent().lastComponent == "roots"
        else { return false }
        return names.isEmpty || names.contains { Self.rootNames.contains($0) }
    }

    static let repositoryFile: FilePath.Component = "repository.json"
    private static let rootNames: Set<FilePath.Component> = [
        "root.json", "lock", "mirror", "bases", "segments", "durable",
    ]

    /// The file's name and content say that its directory is a repository, or may say so in a moment. Then
    /// the file is not protected by itself.
    func isRepositoryMark(_ name: FilePath) -> Bool {
        guard name.lastComponent == Self.repositoryFile, root.kind == .directory else { return false }
        let directory = name.removingLastComponent()
        guard !directory.isEmpty else { return false }
        switch RepositoryDirectory.mark(at: rootPath.pushing(name)) {
        case .isOther: return false
        case .isUnfinished: return true
        case .isRepository:
            leaveOutByDesign(directory, .repository)
            return true
        }
    }

    /// From now on nothing in it is looked at, other than the file systems that are mounted in it and named.
    func leaveOutByDesign(_ name: FilePath, _ reason: DesignedReason, apartFrom mounts: [FilePath] = []) {
        let path = rootPath.pushing(root, name)
        if byDesign.updateValue(reason, forKey: name) != reason {
            // Sockets and pipes come and go where programs work.
            context.meter.leftOutByDesign(path, reason, isSaid: !reason.isSpecial || !progress.isReady)
        }
        if reason == .link { return context.links.add(path, in: rootPath, context.meter) }
        if reason.isSpecial { return }
        let isInMount = { (other: FilePath) in mounts.contains { other.starts(with: $0) } }
        unlisted.remove(below: name)
        if let listing, listing.name.starts(with: name) { self.listing?.names = [] }
        for other in directories.names(from: name) where !isInMount(other) {
            directories[other] = nil
            context.polled.remove(other)
            watches.remove(other)
        }
        for tracker in trackers.files(below: name) where !isInMount(tracker.name) { end(tracker) }
    }

    /// Leaves it out if it is neither a file nor a directory.
    func leaveOutUnlessFile(_ name: FilePath, _ kind: FileStatus.Kind) {
        guard scope.role(of: name) != .ignored, let reason = DesignedReason(kind) else { return }
        leaveOutByDesign(name, reason)
    }

    /// Leaves out a file system that the kernel makes up. What is mounted among the nodes of devices is not
    /// left out with them: `/dev/shm` has the files of programs.
    func leaveOut(fileSystem: String, _ name: FilePath, _ directory: OpenDirectory) throws(SystemError) {
        let mounts = fileSystem == FileSystem.devices ? try mounts(in: name, directory) : []
        leaveOutByDesign(name, .fileSystem(fileSystem), apartFrom: mounts)
        for mount in mounts where directories[mount] == nil { enter(mount, wasElsewhere: false) }
    }

    private func mounts(in name: FilePath, _ directory: OpenDirectory) throws(SystemError) -> [FilePath] {
        let device = try directory.status().identity.device
        return try directory.names().filter {
            guard let status = try? directory.status(of: $0), status.kind == .directory else { return false }
            return status.identity.device != device
        }.map { name.appending($0) }
    }

    /// What has that name; nil when nothing has. When that cannot be told, the name is left out until it can.
    func status(of name: FilePath, at path: FilePath) -> FileStatus? {
        do throws(SystemError) {
            let status = try FileStatus.directUnlessMissing(path)
            sawName(name)
            return status
        } catch {
            couldNotSee(name, error)
            return nil
        }
    }

    /// It cannot be told what has that name.
    func couldNotSee(_ name: FilePath, _ error: SystemError) {
        unseenNames.insert(name)
        context.meter.leftOut(rootPath.pushing(root, name).printable, error)
        let time = MonotonicInstant.now.advanced(by: Self.unseenPause)
        nextUnseen = min(nextUnseen ?? time, time)
    }

    private func sawName(_ name: FilePath) {
        guard unseenNames.remove(name) != nil else { return }
        context.meter.leftOut(rootPath.pushing(root, name).printable, nil)
    }

    /// Asks again what has the names of which it could not be told.
    func lookAtUnseen() {
        for name in unseenNames {
            guard let status = status(of: name, at: rootPath.pushing(root, name)) else { continue }
            found(name, status, wasElsewhere: false)
        }
    }

    private static let unseenPause = Duration.seconds(1)

    /// The file is no protected file any more: its history ends, and goes on should it become one again.
    func end(_ tracker: Tracker) {
        tracker.recordDeletion()
        tracker.logs.close(context)
        trackers.remove(tracker)
        released[tracker.name] = (tracker.file, tracker.kind)
        queue.remove(tracker)
        leaveGroup(tracker)
    }

    /// Whether the directory is looked after. Of one that is left out by now events may still come.
    func isWatched(_ directory: FilePath) -> Bool {
        directories[directory] != nil || before.contains(directory)
    }

    /// Looks again at what was left out by design.
    func reconsiderDesigned() {
        for (name, reason) in byDesign {
            switch reason {
            case .link, .special:
                let kind = FileStatus.directIfPresent(rootPath.pushing(root, name))?.kind
                if kind.flatMap(DesignedReason.init) != reason { takeIn(directory: name) }
            case .repository, .fileSystem: enter(name, wasElsewhere: false)
            }
        }
    }
}
