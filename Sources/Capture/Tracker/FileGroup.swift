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
