import RepositoryFormat
import SystemPackage

/// Plain files that are captured together, by the name X of `X`, `X-wal`, `X-journal` and `X-shm`.
struct FileGroups {
    private var groups: [FilePath: FileGroup] = [:]

    /// Has the file captured together with the one whose sidecar its name says that it is.
    mutating func join(_ tracker: Tracker, _ owner: Tracker) {
        guard tracker.kind == .plain, owner.kind == .plain else { return }
        let group = groups[owner.name] ?? FileGroup(owner)
        groups[owner.name] = group
        group.add(tracker)
    }

    /// The file is captured by itself again, or not at all.
    mutating func leave(_ tracker: Tracker) {
        guard let group = tracker.group else { return }
        group.remove(tracker)
        guard group.owner === tracker || group.members.count < 2 else { return }
        for member in group.members { group.remove(member) }
        groups[group.owner.name] = nil
    }
}
