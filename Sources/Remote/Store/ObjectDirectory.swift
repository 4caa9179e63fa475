import LinuxSystem
import RepositoryFormat
import SystemPackage

/// The directory of a remote while a request is served. Everything in it is opened by its name within this
/// directory, so another one that has the path meanwhile is not touched. No symbolic link is followed.
///
/// 1. An object is the regular file that has its name. Nothing else is one.
/// 2. `holdfast_remote` holds what is no object: a name of one cannot contain `_`. A directory is a remote
///    if and only if it has this one.
/// 3. `holdfast_remote/drafts` has files and directories that are being written or removed, with random
///    names. They get their place by a rename.
/// 4. `holdfast_remote/uploads/ID` is an upload in parts (`UploadDirectory`).
struct ObjectDirectory {
    let top: OpenDirectory
    /// `holdfast_remote`
    let own: OpenDirectory

    private static let draftsName: FilePath.Component = "drafts"
    private static let uploadsName: FilePath.Component = "uploads"

    /// Throws `RemoteError.noSuchRemote` if there is no such directory, or if it is no remote.
    init(_ path: FilePath) throws {
        do throws(SystemError) {
            top = try OpenDirectory(following: path)
        } catch {
            guard error.isAbsent else { throw error }
            throw RemoteError(
                .noSuchRemote,
                "there is no directory \(path.printable): is its disk mounted?"
            )
        }
        own = try Self.openOwn(RemoteMark.directory, in: top, of: top)
    }

    /// Makes it, and those above it, as far as they are missing. May be repeated, also after a crash.
    static func create(_ path: FilePath) throws {
        try Directory.make(path)
        let top = try OpenDirectory(following: path)
        let own = try OpenDirectory(make(RemoteMark.directory, in: top))
        for name in [draftsName, uploadsName] { _ = try make(name, in: own) }
        try own.synchronise()
        try top.synchronise()
    }

    func drafts() throws -> OpenDirectory { try Self.openOwn(Self.draftsName, in: own, of: top) }
    func uploadsDirectory() throws -> OpenDirectory { try Self.openOwn(Self.uploadsName, in: own, of: top) }

    private static func openOwn(
        _ name: FilePath.Component,
        in directory: OpenDirectory,
        of top: OpenDirectory
    ) throws -> OpenDirectory {
        do throws(SystemError) {
            return try OpenDirectory(DirectoryEntry(name, in: directory))
        } catch {
            guard error.isMissing else { throw error }
            let path = directory.path.appending(name).printable
            throw RemoteError(
                .noSuchRemote,
                "\(top.path.printable) is no remote, as \(path) is missing: is its disk mounted?"
            )
        }
    }

    /// Makes a directory unless it exists.
    private static func make(
        _ name: FilePath.Component,
        in directory: OpenDirectory
    ) throws(SystemError) -> DirectoryEntry {
        let entry = DirectoryEntry(name, in: directory)
        do throws(SystemError) {
            try entry.makeDirectory()
        } catch {
            guard error.code == .fileExists else { throw error }
        }
        return entry
    }

    /// The directory of that many components of names; nil if it is missing, or is none.
    func directory(_ components: some Sequence<Substring>) throws(SystemError) -> OpenDirectory? {
        var directory = top
        for component in components {
            guard let name = FilePath.Component(String(component)) else { return nil }
            do throws(SystemError) {
                directory = try OpenDirectory(DirectoryEntry(name, in: directory))
            } catch {
                guard error.isMissing else { throw error }
                return nil
            }
        }
        return directory
    }

    /// The place of an object; nil if a directory before it is missing.
    func entry(_ name: ObjectName) throws(SystemError) -> DirectoryEntry? {
        let components = name.text.split(separator: "/")
        guard let last = components.last, let component = FilePath.Component(String(last)) else { return nil }
        guard let directory = try directory(components.dropLast()) else { return nil }
        return DirectoryEntry(component, in: directory)
    }

    /// The place of an object that will be written; the directories before it are made.
    func makePlace(_ name: ObjectName) throws -> ObjectPlace {
        var directories = [top]
        let components = name.text.split(separator: "/").compactMap { FilePath.Component(String($0)) }
        for component in components.dropLast() {
            let entry = try Self.make(component, in: directories[directories.count - 1])
            do throws(SystemError) {
                directories.append(try OpenDirectory(entry))
            } catch {
                guard error.isMissing else { throw error }
                throw RemoteError(.failed, "\(entry.path.printable) is not a directory")
            }
        }
        let entry = DirectoryEntry(components[components.count - 1], in: directories[directories.count - 1])
        return ObjectPlace(entry: entry, directories: directories)
    }

    /// A name for a file or a directory that is being written or removed.
    func newDraft() throws -> DirectoryEntry {
        let name = UInt64.random(in: 0 ... .max).padded(to: 16, radix: 16)
        return DirectoryEntry(FilePath.Component(name) ?? Self.draftsName, in: try drafts())
    }

    /// Writes a file that has no place yet. It is on the disk when this returns.
    func writeDraft(_ write: (borrowing OpenFile) throws -> Void) throws -> DirectoryEntry {
        let draft = try newDraft()
        do {
            let file = try OpenFile(draft, .createNew)
            try write(file)
            try file.synchronise()
        } catch {
            try? draft.remove()
            throw error
        }
        return draft
    }

    /// Removes what killed writers left more than a day ago. Errors are ignored: the next time will do.
    func removeOldDrafts() {
        guard let drafts = try? drafts(), let names = try? drafts.names(), !names.isEmpty else { return }
        let now = time().nanoseconds
        for name in names {
            let draft = DirectoryEntry(name, in: drafts)
            guard let modified = try? draft.status().modified else { continue }
            // The longest age counts, also of a time from before 1970.
            let (age, isBeyond) = now.subtractingReportingOverflow(modified)
            if isBeyond ? modified < 0 : age > Duration.seconds(86_400).nanoseconds {
                try? draft.removeTree()
            }
        }
    }

    /// The time as the file system counts it. A share's server has a clock of its own: it is seen on a new
    /// file, or not at all where nothing may be written.
    func time() -> Instant {
        guard FileSystem.nameIfShared(top) != nil, let probe = try? newDraft() else { return .now }
        guard let file = try? OpenFile(probe, .createNew) else { return .now }
        defer { try? probe.remove() }
        return (try? file.status().modified).map { Instant(nanoseconds: $0) } ?? .now
    }
}

/// Where an object belongs.
struct ObjectPlace {
    let entry: DirectoryEntry
    /// From the remote's own to that of the object.
    let directories: [OpenDirectory]

    /// Waits until the object's name is on the disk. All directories count: a writer that was killed may
    /// have made some without waiting for them.
    func synchronise() throws(SystemError) {
        for directory in directories.reversed() { try directory.synchronise() }
    }
}
