import LinuxSystem
import RepositoryFormat
import SystemPackage

/// What comes of one step of listing.
enum ListingStep {
    case found(FilePath, FileStatus, wasElsewhere: Bool)
    /// Nothing is known of an entry.
    case unseen
    /// The names of a directory follow, or there is nothing to list.
    case entered
    /// The directory is left out by design: what is tracked in it is to end, but for those.
    case leftOut(FilePath, apartFrom: [FilePath])
    /// All was listed.
    case ended
}

/// Watching and listing of directories. Each is watched first, then listed, so that a file made in between is
/// not missed. What goes wrong in one must not hinder the rest.
extension ObservedTree {
    /// Watches the root, and begins to list everything under it anew; directories that are not there any more
    /// are forgotten in the end.
    mutating func listAnew() throws {
        listing.removeAll()
        directories.beginAnew()
        omissions.forgetDesigned()
        guard !places.isOneFile else {
            return try directories.watch("", OpenDirectory(places.path.removingLastComponent()))
        }
        let opened = try OpenDirectory(places.path)
        try directories.watch("", opened)
        record.handOver("", opened, places)
        listing.begin("", opened, try opened.names(), wasElsewhere: false)
    }

    mutating func listNext() -> ListingStep {
        switch listing.next() {
        case .entry(let name, let last, let directory, let wasElsewhere):
            do throws(SystemError) {
                return .found(name, try directory.status(of: last), wasElsewhere: wasElsewhere)
            } catch {
                if !error.isMissing { omissions.couldNotSee(name, error, places) }
                return .unseen
            }
        case .directory(let name, let wasElsewhere):
            do {
                return try enter(name, wasElsewhere: wasElsewhere)
            } catch {
                if !error.isMissing { couldNotList(name, error) }
                return .entered
            }
        case nil: return .ended
        }
    }

    private mutating func enter(_ name: FilePath, wasElsewhere: Bool) throws(SystemError) -> ListingStep {
        let opened = try OpenDirectory(places.path(of: name))
        let status = try opened.status()
        guard isWatchable(name, status) else { return .entered }
        let parent = directories[name.removingLastComponent()]
        if parent?.identity.device != status.identity.device, let pseudo = FileSystem.nameIfPseudo(opened) {
            return try leaveOut(fileSystem: pseudo, name, opened)
        }
        try directories.watch(name, opened)
        let names = try opened.names()
        if NestedRepository.isAt(opened.path, name: name, names) {
            leaveOut(name, .repository)
            return .leftOut(name, apartFrom: [])
        }
        if !name.isEmpty, names.contains(RemoteMark.directory), names.contains(RemoteMark.file) {
            leaveOut(name, .remote)
            return .leftOut(name, apartFrom: [])
        }
        takeIn(name)
        record.handOver(name, opened, places)
        listing.begin(name, opened, names, wasElsewhere: wasElsewhere)
        return .entered
    }

    /// Leaves out a file system that the kernel makes up. What is mounted among the nodes of devices is not
    /// left out with them: `/dev/shm` has the files of programs.
    private mutating func leaveOut(
        fileSystem: String,
        _ name: FilePath,
        _ directory: OpenDirectory
    ) throws(SystemError) -> ListingStep {
        let mounts = fileSystem == FileSystem.devices ? try mounts(in: name, directory) : []
        leaveOut(name, .fileSystem(fileSystem), apartFrom: mounts)
        for mount in mounts where directories[mount] == nil { listing.add(mount, wasElsewhere: false) }
        return .leftOut(name, apartFrom: mounts)
    }

    private func mounts(in name: FilePath, _ directory: OpenDirectory) throws(SystemError) -> [FilePath] {
        let device = try directory.status().identity.device
        return try directory.names().filter {
            guard let status = try? directory.status(of: $0), status.kind == .directory else { return false }
            return status.identity.device != device
        }.map { name.appending($0) }
    }

    /// Watches the directory anew, since who may do what in it has changed.
    mutating func watchAgain(_ name: FilePath) {
        guard !places.isOneFile else { return }
        do throws(SystemError) {
            try directories.watch(name, OpenDirectory(places.path(of: name)))
        } catch {
            if !error.isMissing { couldNotList(name, error) }
        }
    }
}
