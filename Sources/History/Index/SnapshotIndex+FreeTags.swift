package import LinuxSystem

extension SnapshotIndex {
    /// The tags of a recovery at `now`. If there is one of that second, a number is appended.
    package func freeTags(for action: RecoveryEntry.Action, now: Instant = .now) -> RecoveryTags {
        let stamp = now.stamp(in: .system)
        var free = RecoveryTags(action, stamp: stamp)
        var number = 1
        while tags[free.before] != nil || tags[free.after] != nil {
            number += 1
            free = RecoveryTags(action, stamp: "\(stamp)-\(number)")
        }
        return free
    }
}
