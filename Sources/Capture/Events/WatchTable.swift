import LinuxFiles
import SystemPackage

/// The directories of one root that are watched, in two inotify instances.
///
/// Names and closings must be acted on at once: a journal lives for a millisecond. Writes come by the thousand and
/// may be read a little later, when many of them have merged into one event. So each kind has an instance of its
/// own, and under load only the one for writes is left waiting.
struct WatchTable {
    let names: Inotify
    let writes: Inotify
    private var nameWatches: [InotifyWatch: FilePath] = [:]
    private var writeWatches: [InotifyWatch: FilePath] = [:]

    private static let nameMask: InotifyMask = [
        .created, .deleted, .movedFrom, .movedTo, .closedAfterWrite, .attributes, .deletedSelf, .movedSelf,
        .onlyDirectory,
    ]
    private static let writeMask: InotifyMask = [.modified, .onlyDirectory]

    init() throws(SystemError) {
        names = try Inotify()
        writes = try Inotify()
    }

    /// Watches the directory `name` (relative to the root) at `path`.
    mutating func add(_ name: FilePath, at path: FilePath) throws(SystemError) {
        nameWatches[try names.watch(path, for: Self.nameMask)] = name
        writeWatches[try writes.watch(path, for: Self.writeMask)] = name
    }

    /// The directory that an event of `names` is about.
    func directory(ofName watch: InotifyWatch) -> FilePath? { nameWatches[watch] }
    /// The directory that an event of `writes` is about.
    func directory(ofWrite watch: InotifyWatch) -> FilePath? { writeWatches[watch] }

    /// The kernel has taken the watch away.
    mutating func forget(_ watch: InotifyWatch) {
        nameWatches[watch] = nil
    }
}
