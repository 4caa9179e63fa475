import LinuxSystem
import RepositoryFormat
import SystemPackage

/// The directories of a root: where they are, which are watched, listed or left out. Of files it knows
/// nothing but their names.
struct ObservedTree: ~Copyable {
    let scope: RootScope
    let meter: StatusMeter
    /// The directory of the repository itself, should it lie under the root.
    let repositoryIdentity: FileIdentity?
    var places: RootPlaces
    var directories: WatchedDirectories
    var listing = DirectoryListing()
    var omissions: Omissions
    var record: DirectoryRecord
    var polling = PollSchedule()

    init(
        _ start: ObserverStart,
        _ places: RootPlaces,
        _ watches: consuming WatchTable,
        _ context: CaptureContext
    ) {
        scope = start.scope
        meter = context.meter
        repositoryIdentity = FileStatus.ifPresent(start.repository)?.identity
        self.places = places
        directories = WatchedDirectories(watches, context)
        omissions = Omissions(context)
        record = DirectoryRecord(context.queue, recorded: start.directories)
    }

    func isWatchable(_ name: FilePath, _ status: FileStatus) -> Bool {
        status.kind == .directory && !scope.leavesOut(directory: name)
            && status.identity != repositoryIdentity
    }

    mutating func status(of name: FilePath) -> FileStatus? { omissions.status(of: name, places) }

    /// What has the name is not left out any more.
    mutating func takeIn(_ name: FilePath) { omissions.takeIn(name, places) }

    /// A directory that is to be watched could not be opened, watched or listed.
    mutating func couldNotList(_ name: FilePath, _ error: any Error) {
        omissions.leaveOut(directory: name, error, places)
    }

    /// Leaves it out if it is neither a file nor a directory.
    mutating func leaveOutUnlessFile(_ name: FilePath, _ kind: FileStatus.Kind) {
        guard scope.role(of: name) != .ignored, let reason = DesignedReason(kind) else { return }
        omissions.leaveOut(name, reason, places)
    }

    /// From now on nothing in it is processed, other than the file systems that are mounted in it and named.
    /// The caller ends what is tracked there.
    mutating func leaveOut(_ name: FilePath, _ reason: DesignedReason, apartFrom mounts: [FilePath] = []) {
        omissions.leaveOut(name, reason, places)
        listing.remove(below: name)
        for other in directories.names(from: name) where !mounts.contains(where: { other.starts(with: $0) }) {
            directories.remove(other)
        }
    }

    /// Checks again what was left out by design.
    mutating func reconsiderDesigned() {
        for (name, reason) in omissions.designed {
            switch reason {
            case .link, .special:
                let kind = FileStatus.directIfPresent(places.path(of: name))?.kind
                if kind.flatMap(DesignedReason.init) != reason { takeIn(name) }
            case .repository, .remote, .fileSystem: listing.add(name, wasElsewhere: false)
            }
        }
    }

    /// Reports which events are missing, and begins or ends to poll.
    mutating func reportPolling() {
        guard let reason = directories.polledBecause else { return meter.trouble(.events, nil) }
        let seconds = PollSchedule.pause.components.seconds
        meter.trouble(.events, "\(reason); until then it is looked at every \(seconds) s")
        polling.isNeeded(.now)
    }
}

// Directories that go
extension ObservedTree {
    /// The directory of that name is not there any more.
    private mutating func forget(_ name: FilePath) {
        record.handOverIfGone(name, places)
        directories.remove(name)
        places.forget(name)
        takeIn(name)
    }

    /// An empty directory was removed.
    mutating func directoryRemoved(_ name: FilePath) {
        // Another of that name may have come already.
        let present = FileStatus.directIfPresent(places.path(of: name))
        guard let identity = directories[name]?.identity else {
            if omissions.designed[name] != nil || omissions.directories.contains(name), present == nil {
                takeIn(name)
            }
            return
        }
        // A file may have got the inode of a directory that is gone.
        guard present?.kind != .directory || present?.identity != identity else { return }
        forget(name)
        reportPolling()
    }

    /// A directory went with all that is in it.
    mutating func leave(_ name: FilePath) {
        for other in directories.names(from: name) { directoryRemoved(other) }
    }

    mutating func checkRoot() -> RootPlaces.RootFinding {
        places.checkRoot(directories[""]?.identity, .now)
    }

    mutating func check(_ name: FilePath) -> RootPlaces.DirectoryFinding {
        // One that lies in another one that has gone went with it.
        guard let known = directories[name]?.identity else { return .same }
        return places.check(name, known)
    }

    /// Everything asked for was listed: what was not found again is forgotten.
    mutating func endListing() {
        for name in directories.endAnew() { forget(name) }
        reportPolling()
    }

    mutating func firstListingIsOver() {
        if !listing.isCutShort { record.handOverGone(but: directories.all, places) }
        // Last: where watches are few, the directories need them more.
        directories.watches.watchAncestors(places.ancestors)
        listing.firstListingIsOver()
    }
}
