package import LinuxFiles
import Repository

/// The tags of something that is brought back: on the state before it, and on the first one after it.
struct RecoveryTags: Hashable, Sendable {
    let before: String
    let after: String

    /// - Parameter stamp: of the present, as `20260129-120000`.
    init(_ action: RecoveryEntry.Action, stamp: String) {
        after = "\(action.rawValue)-\(stamp)"
        before = Self.prefix + after
    }

    /// Nil unless that is such a tag on the state before it.
    init?(before: String) {
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

extension RecoveryEntry {
    /// Writes it into the history, and tags the states before and after it: where programs wrote in between, the state before it
    /// is a later one than the first that got the tag.
    func record(
        _ tags: RecoveryTags,
        before state: Sequence,
        _ capture: InPlaceRestore.Capture
    ) throws {
        _ = try capture([
            .tag(tags.before, at: state, isAutomatic: true),
            .tag(tags.after, at: result, isAutomatic: true), wish,
        ])
    }
}
