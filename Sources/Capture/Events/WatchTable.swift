import LinuxSystem
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
struct WatchTable {
    /// The subject of an event of `writes`.
    enum Subject {
        /// A file in this directory, relative to the root.
        case directory(FilePath)
        /// A directory or link on the path to the root.
        case way
        /// The file with this identity, which had that name when the watch was added.
        case file(FilePath, FileIdentity)
    }

    let names: NameEvents
    /// Nil when the kernel refuses an instance; then nothing can be watched.
    let writes: Inotify?
    private let shortage: SystemError?
    private var subjects: [InotifyWatch: Subject] = [:]
    private var directories: [FilePath: InotifyWatch] = [:]

    private static let writeMask: InotifyMask = [.modified, .closedAfterWrite, .onlyDirectory]
    private static let wayMask: InotifyMask = [.movedSelf, .deletedSelf, .linkItself]
    private static let fileMask: InotifyMask = [.modified, .closedAfterWrite]

    init(_ scope: RootScope) throws(SystemError) {
        do throws(SystemError) {
            (names, writes, shortage) = (try NameEvents(scope), try Inotify(), nil)
        } catch {
            guard WatchLimitError(error) != nil else { throw error }
            (names, writes, shortage) = (try NameEvents(scope, isDeaf: true), nil, error)
        }
    }

    /// Watches the directory, which is `name` relative to the root.
    mutating func add(_ name: FilePath, _ directory: OpenDirectory) throws(SystemError) {
        guard let writes else {
            throw shortage ?? SystemError(.startWatching, nil, code: .tooManyOpenFiles)
        }
        do {
            try names.watch(name, directory)
            let watch = try writes.watch(directory, for: Self.writeMask)
            if case .directory(let other) = subjects[watch], other != name { directories[other] = nil }
            let before = directories.updateValue(watch, forKey: name)
            subjects[watch] = .directory(name)
            if let before, before != watch { writes.remove(before) }
        } catch {
            // If the directory may no longer be read, the old watch remains in use.
            if !error.isForbidden { remove(name) }
            throw error
        }
    }

    /// No longer watches the directory of that name.
    mutating func remove(_ name: FilePath) {
        names.remove(name)
        if let watch = directories.removeValue(forKey: name) { writes?.remove(watch) }
    }

    /// Watches everything on the path to the root. The slow round finds changes that cannot be watched.
    mutating func addWay(_ way: [FilePath]) {
        for (watch, subject) in subjects {
            if case .way = subject { writes?.remove(watch) }
        }
        for path in way {
            guard let watch = try? writes?.watch(path, for: Self.wayMask) else { continue }
            subjects[watch] = .way
        }
    }

    /// Watches a file itself: its other names may be outside of the root. Without a watch the slow round
    /// finds the changes.
    mutating func addFile(_ name: FilePath, _ identity: FileIdentity, at path: FilePath) {
        guard let watch = try? writes?.watchDirect(path, for: Self.fileMask) else { return }
        subjects[watch] = .file(name, identity)
    }

    /// The subject of an event of `writes`.
    func subject(ofWrite watch: InotifyWatch) -> Subject? { subjects[watch] }

    /// The kernel has ended this watch.
    mutating func ended(_ watch: InotifyWatch) {
        if case .directory(let name) = subjects.removeValue(forKey: watch), directories[name] == watch {
            directories[name] = nil
        }
    }

    /// Stops watching an event's subject.
    func drop(_ watch: InotifyWatch) { writes?.remove(watch) }
}
