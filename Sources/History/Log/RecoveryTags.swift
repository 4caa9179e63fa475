package import LinuxSystem

/// The tags of a recovery: on the state before it, and on the first one after it.
package struct RecoveryTags: Hashable, Sendable {
    package let before: String
    package let after: String

    /// - Parameter stamp: of the current time, as `20260129-120000`.
    fileprivate init(_ action: RecoveryEntry.Action, stamp: String) {
        after = "\(action.rawValue)-\(stamp)"
        before = Self.prefix + after
    }

    /// Nil unless it is such a tag on the state before a recovery.
    package init?(before: String) {
        guard before.hasPrefix(Self.prefix) else { return nil }
        let after = String(before.dropFirst(Self.prefix.count))
        // fits: it is a text
        guard RecoveryEntry.Action.allCases.contains(where: { after.hasPrefix($0.rawValue + "-") }) else {
            return nil
        }
        self.before = before
        self.after = after
    }

    private static let prefix = "before-"
}

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
