import LinuxSystem
import SystemPackage

/// A directory under the root.
struct WatchedDirectory {
    let identity: FileIdentity
    /// Who might do what in it when it was watched.
    let ownership: FileOwnership
    /// Why events do not report everything in it; nil when they do.
    let polledBecause: String?
}

/// The directories that are watched or polled, relative to the root, and which lies in which.
struct WatchedDirectories: ~Copyable {
    private let context: CaptureContext
    var watches: WatchTable
    private(set) var all: [FilePath: WatchedDirectory] = [:]
    private var subdirectories: [FilePath: Set<FilePath.Component>] = [:]
    /// Those of before the present listing of everything.
    private var before: Set<FilePath> = []
    /// Those of which an event reported that their permissions may have changed.
    private var changed: Set<FilePath> = []

    init(_ watches: consuming WatchTable, _ context: CaptureContext) {
        self.watches = watches
        self.context = context
    }

    private(set) subscript(name: FilePath) -> WatchedDirectory? {
        get { all[name] }
        set {
            all[name] = newValue
            guard let last = name.lastComponent else { return }
            let parent = name.removingLastComponent()
            if newValue == nil {
                subdirectories[parent]?.remove(last)
            } else {
                subdirectories[parent, default: []].insert(last)
            }
        }
    }

    /// The directory and those below it, the lower ones first.
    func names(from top: FilePath) -> [FilePath] {
        var found = [top]
        var next = 0
        while next < found.count {
            let directory = found[next]
            found += (subdirectories[directory] ?? []).map { directory.appending($0) }
            next += 1
        }
        return found.reversed().filter { all[$0] != nil }
    }

    /// Whether the directory is watched or polled. Of one that is left out by now events may still come.
    func isWatched(_ name: FilePath) -> Bool { all[name] != nil || before.contains(name) }

    var hasChanged: Bool { !changed.isEmpty }

    mutating func noteChanged(_ name: FilePath) { changed.insert(name) }

    mutating func takeChanged() -> Set<FilePath> { exchange(&changed, with: []) }

    /// Why events do not report everything; nil when they do.
    var polledBecause: String? {
        context.polled.isEmpty ? nil : all.values.lazy.compactMap(\.polledBecause).min()
    }

    mutating func watch(_ name: FilePath, _ directory: OpenDirectory) throws(SystemError) {
        let path = directory.path
        let status = try directory.status()
        var polledBecause = FileSystem.nameIfShared(directory).map {
            "\(path.printable) is on \($0), which does not tell of changes from elsewhere"
        }
        do {
            try watches.add(name, directory)
        } catch {
            guard let limit = WatchLimitError(error) else { throw error }
            polledBecause = "\(limit)"
        }
        self[name] = WatchedDirectory(
            identity: status.identity,
            ownership: status.ownership,
            polledBecause: polledBecause
        )
        if polledBecause == nil { context.polled.remove(name) } else { context.polled.insert(name) }
    }

    mutating func remove(_ name: FilePath) {
        self[name] = nil
        context.polled.remove(name)
        watches.remove(name)
    }

    /// Everything is listed anew.
    mutating func beginAnew() {
        before = Set(all.keys)
        all = [:]
        subdirectories = [:]
    }

    /// Everything was listed. Returns those that were not found again.
    mutating func endAnew() -> [FilePath] {
        exchange(&before, with: []).filter { all[$0] == nil }
    }

    /// Watches the file itself: it has other names, or had one a moment ago.
    mutating func watchFile(of tracker: Tracker, _ identity: FileIdentity) {
        watches.addFile(tracker.name, identity, at: tracker.path)
    }

    /// Notes what was seen of the file besides its content.
    mutating func noteStatus(_ status: FileStatus, of tracker: Tracker) {
        if let file = tracker.state.presence.saw(status) { watchFile(of: tracker, file) }
    }
}
