package import LinuxSystem

extension SnapshotIndex {
    /// A stamp of the present for the tags of something that is brought back, with a number behind it if a
    /// tag of that second is there already.
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
