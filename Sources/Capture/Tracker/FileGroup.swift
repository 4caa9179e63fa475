import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// Files of a group that were read, and what all of it was before.
struct GroupRead {
    /// What was read of one, and what it looked like before.
    struct Reading {
        let tracker: Tracker
        let shape: ImageSize
        let pages: PageSet
    }

    let members: [Tracker]
    /// Writes that events had told of before.
    let writes: [Int]
    let stamps: [ContentStamp?]
    let readings: [Reading]
}

/// A plain file and those with its name and the ending of a sidecar: perhaps an encrypted database, its log
/// and its journal, of which only a program with the key can tell. They are captured as they were at one
/// moment.
final class FileGroup {
    unowned let owner: Tracker
    private(set) var members: [Tracker] = []

    init(_ owner: Tracker) {
        self.owner = owner
        add(owner)
    }

    func add(_ tracker: Tracker) {
        guard tracker.group !== self else { return }
        members.append(tracker)
        tracker.group = self
    }

    func remove(_ tracker: Tracker) {
        members.removeAll { $0 === tracker }
        tracker.group = nil
    }
}
