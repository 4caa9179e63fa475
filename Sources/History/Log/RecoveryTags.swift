/// The tags of a recovery: on the state before it, and on the first one after it.
package struct RecoveryTags: Hashable, Sendable {
    package let before: String
    package let after: String

    /// - Parameter stamp: of the current time, as `20260129-120000`.
    init(_ action: RecoveryEntry.Action, stamp: String) {
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
