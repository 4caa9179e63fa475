import SystemPackage

/// The trackers of a root by name, and what lies in which directory: so that what concerns one directory
/// costs no more than what is in it, however much the root has.
struct TrackerTable {
    private var byName: [FilePath: Tracker] = [:]
    private var places: [FilePath: Place] = ["": Place()]

    /// A directory with files that are tracked somewhere in it.
    private struct Place {
        var files: [FilePath.Component: Tracker] = [:]
        var subdirectories: Set<FilePath.Component> = []
    }

    var values: Dictionary<FilePath, Tracker>.Values { byName.values }

    subscript(name: FilePath) -> Tracker? { byName[name] }

    mutating func insert(_ tracker: Tracker) {
        byName[tracker.name] = tracker
        guard let last = tracker.name.lastComponent else { return }
        var directory = tracker.name.removingLastComponent()
        let isNew = places[directory] == nil
        places[directory, default: Place()].files[last] = tracker
        guard isNew else { return }
        // Up to one that is known.
        while let last = directory.lastComponent {
            directory.removeLastComponent()
            let isKnown = places[directory] != nil
            places[directory, default: Place()].subdirectories.insert(last)
            if isKnown { return }
        }
    }

    mutating func remove(_ tracker: Tracker) {
        byName[tracker.name] = nil
        guard let last = tracker.name.lastComponent else { return }
        places[tracker.name.removingLastComponent()]?.files[last] = nil
    }

    /// Those of the files that lie in the directory itself.
    func files(in directory: FilePath) -> [Tracker] {
        places[directory].map { Array($0.files.values) } ?? []
    }

    /// Those of all files below the directory.
    func files(below directory: FilePath) -> [Tracker] {
        var found: [Tracker] = []
        var rest = [directory]
        while let next = rest.popLast() {
            guard let place = places[next] else { continue }
            found += place.files.values
            rest += place.subdirectories.map { next.appending($0) }
        }
        return found
    }
}
