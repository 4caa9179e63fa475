import LinuxSystem
import Synchronization
import SystemPackage

/// The watched directories of one root, in two inotify instances.
///
/// Names must be handled at once: a journal exists for a millisecond. Writes come by the thousand and may be
/// read a little later, when many of them have merged into one event. So each kind has its own instance, and
/// under load only the one for writes waits. Closings are with the writes that they end, because their order
/// matters. Besides, each event of a name costs the writer a thread switch on its processor.
///
/// The instance for writes also watches the directories and links on the path to the root. It also watches
/// single files that are written under a name outside of the root.
struct WatchTable: ~Copyable {
    /// The subject of an event of `writes`.
    enum Subject {
        /// A file in this directory, relative to the root.
        case directory(FilePath)
        /// The file that had this name in that directory when the watch was added.
        case member(FilePath.Component, of: FilePath)
        /// A directory or link on the path to the root.
        case ancestor
        /// The file with this identity, which had that name when the watch was added.
        case file(FilePath, FileIdentity)
    }

    var names: NameEvents
    private let inbox = Inbox()
    /// Nil when the kernel refuses an instance; then nothing can be watched.
    private let writes: SharedInotify.Subscription?
    private let shortage: SystemError?
    private var directories = DirectoryWatches()
    private var others: [InotifyWatch: Subject] = [:]
    /// The files that are watched one by one, and the directory that is open for them, by its name.
    private var members: [FilePath: (directory: OpenDirectory, watches: [FilePath.Component: InotifyWatch])] =
        [:]

    private static let writeMask: InotifyMask = [.modified, .closedAfterWrite, .onlyDirectory]
    private static let closingMask: InotifyMask = [.closedAfterWrite, .onlyDirectory]
    private static let ancestorMask: InotifyMask = [.movedSelf, .deletedSelf, .linkItself]
    private static let fileMask: InotifyMask = [.modified, .closedAfterWrite]

    /// Raises `.names` and `.writes` when there are events.
    init(_ scope: RootScope, _ instances: InotifyInstances, _ signal: Signal) {
        names = NameEvents(scope, instances.names) { signal.raise(.names) }
        writes = instances.writes?.subscribe(overflowed: inbox.put) { signal.raise(.writes) }
        shortage = instances.shortage
    }

    /// Watches the directory, which is `name` relative to the root.
    mutating func add(_ name: FilePath, _ directory: OpenDirectory) throws(SystemError) {
        guard let writes else {
            throw shortage ?? SystemError(.startWatching, nil, code: .tooManyOpenFiles)
        }
        do {
            try names.watch(name, directory)
            let watch = try writes.watch(directory, for: Self.writeMask, inbox.put)
            others[watch] = nil
            if let before = directories.set(watch, for: name) {
                dropMembers(of: name)
                writes.remove(before)
            }
        } catch {
            // If the directory may no longer be read, the old watch remains in use.
            if !error.isForbidden { remove(name) }
            throw error
        }
    }

    /// No longer watches the directory of that name.
    mutating func remove(_ name: FilePath) {
        names.remove(name)
        dropMembers(of: name)
        if let watch = directories.remove(name) { writes?.remove(watch) }
    }

    /// Watches everything on the path to the root. The slow round finds changes that cannot be watched.
    mutating func watchAncestors(_ ancestors: [FilePath]) {
        for case (let watch, .ancestor) in others { drop(watch) }
        for path in ancestors {
            guard let watch = try? writes?.watch(path, for: Self.ancestorMask, inbox.put) else { continue }
            others[watch] = .ancestor
        }
    }

    /// Watches a file itself: its other names may be outside of the root. Without a watch the slow round
    /// finds the changes.
    mutating func addFile(_ name: FilePath, _ identity: FileIdentity, at path: FilePath) {
        guard let watch = try? writes?.watchDirect(path, for: Self.fileMask, inbox.put) else { return }
        // The kernel has one watch for the file: what it tells is of this name from now on.
        if case .member(_, let directory) = others[watch] { try? watchAll(of: directory) }
        others[watch] = .file(name, identity)
    }

    /// Reads the events of writes so far.
    func readWrites() throws(SystemError) { try writes?.read() }

    /// The events of writes that were read, and not taken yet; oldest first.
    func takeWrites() -> [InotifyEvent] { inbox.takeAll() }

    /// The subject of an event of writes.
    func subject(ofWrite watch: InotifyWatch) -> Subject? {
        directories.name(of: watch).map { .directory($0) } ?? others[watch]
    }

    /// The kernel has ended this watch.
    mutating func ended(_ watch: InotifyWatch) {
        directories.ended(watch)
        others[watch] = nil
    }

    /// Stops watching a file, or a directory or link on the path to the root.
    mutating func drop(_ watch: InotifyWatch) {
        others[watch] = nil
        writes?.remove(watch)
    }

    /// Events that wait for the observer.
    private final class Inbox: Sendable {
        private let events = Mutex(WaitingEvents(overflow: InotifyEvent.overflow))

        func put(_ event: InotifyEvent) { events.withLock { if $0.makeRoom() { $0.append(event) } } }

        func takeAll() -> [InotifyEvent] { events.withLock { $0.takeAll() } }
    }
}

// Directories whose files are watched one by one
extension WatchTable {
    /// From now on tells of writes to these files in the directory, and to no others. Closings are told as
    /// before. False if that cannot be had, and nothing has changed.
    mutating func watchOnly(
        _ files: [FilePath.Component],
        of name: FilePath,
        _ directory: OpenDirectory
    ) -> Bool {
        guard let writes, let watch = directories.watch(of: name) else { return false }
        dropMembers(of: name)
        var added: [FilePath.Component: InotifyWatch] = [:]
        var isDone = false
        for file in files {
            let path = directory.path.appending(file)
            guard let watch = try? writes.watchDirect(path, for: Self.fileMask, inbox.put) else { break }
            // One that is watched for its other names stays so.
            guard others[watch] == nil else { break }
            others[watch] = .member(file, of: name)
            added[file] = watch
        }
        members[name] = (directory, added)
        if added.count == files.count {
            isDone = (try? writes.narrow(watch, of: directory, to: Self.closingMask)) != nil
        }
        if !isDone { dropMembers(of: name) }
        return isDone
    }

    /// No longer tells of writes to this one of the files.
    mutating func dropMember(_ file: FilePath.Component, of name: FilePath) {
        if let watch = members[name]?.watches.removeValue(forKey: file) { dropMember(watch) }
    }

    /// One that is watched for its other names by now stays so.
    private mutating func dropMember(_ watch: InotifyWatch) {
        if case .member = others[watch] { drop(watch) }
    }

    /// From now on tells of all writes in the directory again. Reads the events so far: the caller takes them
    /// before it drops the watches of single files.
    mutating func watchAll(of name: FilePath) throws(SystemError) {
        guard let writes, directories.watch(of: name) != nil, let known = members[name] else { return }
        _ = try writes.watch(known.directory, for: Self.writeMask, inbox.put)
        try writes.read()
    }

    /// Ends the watches of single files in the directory.
    mutating func dropMembers(of name: FilePath) {
        for watch in (members.removeValue(forKey: name)?.watches ?? [:]).values { dropMember(watch) }
    }
}
