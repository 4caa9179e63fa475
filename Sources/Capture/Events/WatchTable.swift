import LinuxFiles
import SystemPackage

/// The directories of one root that are watched, in two inotify instances.
///
/// Names and closings must be acted on at once: a journal lives for a millisecond. Writes come by the thousand and
/// may be read a little later, when many of them have merged into one event. So each kind has an instance of its
/// own, and under load only the one for writes is left waiting.
struct WatchTable {
    let names: NameEvents
    let writes: Inotify
    private var writeWatches: [InotifyWatch: FilePath] = [:]

    private static let writeMask: InotifyMask = [.modified, .onlyDirectory]

    init(_ scope: RootScope) throws(SystemError) {
        names = try NameEvents(scope)
        writes = try Inotify()
    }

    /// Watches the directory `name` (relative to the root) at `path`.
    mutating func add(_ name: FilePath, at path: FilePath) throws(SystemError) {
        try names.watch(name, at: path)
        writeWatches[try writes.watch(path, for: Self.writeMask)] = name
    }

    /// The directory that an event of `writes` is about.
    func directory(ofWrite watch: InotifyWatch) -> FilePath? { writeWatches[watch] }
}
