import LinuxSystem
package import RepositoryReader

/// Why no snapshot can be chosen from a history that is damaged or incomplete.
package enum HistoryError: Error, Hashable, Sendable {
    /// The history is damaged, so a WHEN may lead to the wrong snapshot; `guess` is the one that it led to.
    case uncertain(Finding, guess: SnapshotIndex.Entry, isRoot: Bool)
    /// The repository is an incomplete copy, without a complete snapshot of what was requested.
    case nothingWhole(Finding, isRoot: Bool)
}

extension HistoryError: CustomStringConvertible {
    /// One line: what happened, and what to do.
    package var description: String {
        switch self {
        case .uncertain(let finding, let guess, let isRoot):
            "\(DamageError(finding)): snapshots may be missing, so "
                + (isRoot && !finding.isIncompleteness
                    ? "restore single files by their sequence, as in \(SuggestedCommand("log"))"
                    : "name one by its sequence, perhaps --at \(guess.sequence)")
        case .nothingWhole(let finding, let isRoot):
            "\(DamageError(finding)): no moment \(isRoot ? "of the root " : "")is complete: "
                + (isRoot ? "restore single files, and make the copy anew" : "make the copy anew")
        }
    }
}
