package import LinuxSystem

extension SnapshotIndex {
    /// A stamp of the current time for the tags of a recovery. If a tag of that second exists, a number is
    /// appended.
    package func freeStamp(for action: RecoveryEntry.Action, now: Instant = .now) -> String {
        let stamp = now.stamp(in: .system)
        let isFree = { (stamp: String) in
            let names = RecoveryTags(action, stamp: stamp)
            return self.tags[names.before] == nil && self.tags[names.after] == nil
        }
        if isFree(stamp) { return stamp }
        return (2...).lazy.map { "\(stamp)-\($0)" }.first(where: isFree) ?? stamp
    }
}
