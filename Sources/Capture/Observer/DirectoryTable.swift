import SystemPackage

/// The directories that are watched or polled, relative to the root, and which lies in which.
struct DirectoryTable {
    private(set) var all: [FilePath: WatchedDirectory] = [:]
    private var subdirectories: [FilePath: Set<FilePath.Component>] = [:]

    subscript(name: FilePath) -> WatchedDirectory? {
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
}
