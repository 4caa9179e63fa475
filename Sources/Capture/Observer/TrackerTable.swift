import LinuxSystem
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
        var isEmpty: Bool { files.isEmpty && subdirectories.isEmpty }
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
        var directory = tracker.name.removingLastComponent()
        places[directory]?.files[last] = nil
        // Up to one with others.
        while let last = directory.lastComponent, places[directory]?.isEmpty == true {
            places[directory] = nil
            directory.removeLastComponent()
            places[directory]?.subdirectories.remove(last)
        }
    }

    /// Those of the files in the directory itself.
    func files(in directory: FilePath) -> Dictionary<FilePath.Component, Tracker>.Values? {
        places[directory]?.files.values
    }

    /// Whether a file in the directory cannot be read.
    func hasLeftOut(in directory: FilePath) -> Bool {
        places[directory]?.files.values.contains { $0.state.presence.obstacles.isLeftOut } ?? false
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

extension TrackerTable {
    /// Those of which not all was taken that was committed before. What cannot be read was said before.
    func behind(_ since: MonotonicInstant, _ places: RootPlaces) -> [Tracker] {
        values.filter { tracker in
            !tracker.state.presence.obstacles.isLeftOut && !places.isUnavailable(file: tracker.name)
                && tracker.state.ledger.capturedThrough.map { $0 >= since } != true
        }
    }

    /// Closes logs of which nothing was heard for longest: many at a time, since finding them examines every
    /// file.
    func suspendLogs(_ context: CaptureContext) {
        var excess = context.openLogs - context.budget.logs * 7 / 8
        let idle = values.filter { $0.logs.tail != nil }.sorted {
            $0.state.pending.lastActivity < $1.state.pending.lastActivity
        }
        for tracker in idle where excess > 0 {
            if tracker.suspendLog() { excess -= 1 }
        }
    }
}
