import LinuxSystem
import SystemPackage

/// The directory whose names are gone through, and those that wait for it. They wait in a queue of their own,
/// so neither the stack nor the open files grow with the depth of a tree. Each is listed once, however often
/// it is asked for.
struct DirectoryListing {
    private var current: Listing?
    private var waiting: [FilePath] = []
    private var wereElsewhere: [FilePath: Bool] = [:]
    /// Every directory was listed once.
    private(set) var isListed = false
    /// It was asked to stop amid the first listing: there may be files that it has not found.
    private(set) var isCutShort = false

    /// A directory that is watched, and whose names are gone through.
    private struct Listing {
        let name: FilePath
        let directory: OpenDirectory
        /// Those that are left, the next one last.
        var names: [FilePath.Component]
        let wasElsewhere: Bool
    }

    enum Step {
        /// The name of an entry, relative to the root, and in its directory.
        case entry(FilePath, FilePath.Component, OpenDirectory, wasElsewhere: Bool)
        case directory(FilePath, wasElsewhere: Bool)
    }

    var isGoingOn: Bool { current != nil || !waiting.isEmpty }
    /// All is listed that was asked for.
    var isComplete: Bool { !isCutShort && !isGoingOn }

    /// A directory appeared under the root, or is asked for again. What is in one that `wasElsewhere` may
    /// have been written there, where no event reported it.
    mutating func add(_ name: FilePath, wasElsewhere: Bool) {
        if wereElsewhere[name] == nil { waiting.append(name) }
        wereElsewhere[name] = wasElsewhere || wereElsewhere[name] == true
    }

    /// Without the directory and those below it.
    mutating func remove(below top: FilePath) {
        for name in waiting where name.starts(with: top) { wereElsewhere[name] = nil }
        waiting.removeAll { $0.starts(with: top) }
        if let current, current.name.starts(with: top) { self.current?.names = [] }
    }

    mutating func removeAll() {
        current = nil
        waiting = []
        wereElsewhere = [:]
    }

    /// Goes through the names of a directory that is watched by now.
    mutating func begin(
        _ name: FilePath,
        _ directory: OpenDirectory,
        _ names: [FilePath.Component],
        wasElsewhere: Bool
    ) {
        let names: [FilePath.Component] = names.reversed()
        current = Listing(name: name, directory: directory, names: names, wasElsewhere: wasElsewhere)
    }

    /// What is next; nil when all was listed. The directory that was added last comes first: so a tree is
    /// gone through to its depth before the next one begins.
    mutating func next() -> Step? {
        if let last = current?.names.popLast(), let current {
            let name = current.name.appending(last)
            return .entry(name, last, current.directory, wasElsewhere: current.wasElsewhere)
        }
        current = nil
        guard let name = waiting.popLast() else { return nil }
        return .directory(name, wasElsewhere: wereElsewhere.removeValue(forKey: name) ?? false)
    }

    mutating func firstListingIsOver() { isListed = true }

    mutating func cutShort() { isCutShort = true }
}
