package import LinuxSystem

/// Why a WHEN could not be read or resolved, with the nearest choices.
package enum WhenError: Error, Hashable, Sendable {
    // From reading: the text is wrong.

    /// It has none of the forms; `reason` is a clause that names the mistake.
    case notUnderstood(text: String, reason: String)
    /// A number out of range. `field` names it with its value, `allowed` is the range.
    case outOfRange(text: String, field: String, allowed: String)
    /// The clock was put forward over this local time. `nearest`: one moment before the change, one after it.
    case localTimeDoesNotExist(text: String, nearest: [Instant])
    /// The clock was put back, and showed this local time twice: at `choices`, ascending.
    case localTimeExistsTwice(text: String, choices: [Instant])

    // From resolving: the text is right, but there is no such snapshot.

    case noSnapshots
    case inTheFuture(Instant, now: Instant, latest: SnapshotMoment)
    case beforeFirst(Instant, first: SnapshotMoment)
    /// The snapshot before the first one was requested.
    case nothingBefore(SnapshotMoment)
    /// `nearest`: the last snapshot below and the first above, as far as they exist.
    case unknownSequence(UInt64, nearest: [SnapshotMoment])
    /// It is a moment of the root at which the requested file had no snapshot yet.
    case notSeenYet(UInt64, first: SnapshotMoment)
    /// It is a moment of a single file, not of the requested root. `nearest`: as above.
    case noMoment(UInt64, nearest: [SnapshotMoment])
    /// `known`: all tags, sorted.
    case unknownTag(String, known: [String])
    /// More snapshots before the last were requested than there are; `count` in all.
    case tooFarBack(Int, count: Int)
    case noneGood

    /// Whether the text itself is wrong; otherwise nothing matches it.
    package var isWrongUsage: Bool {
        switch self {
        case .notUnderstood, .outOfRange, .localTimeDoesNotExist, .localTimeExistsTwice: true
        case .noSnapshots, .inTheFuture, .beforeFirst, .nothingBefore, .unknownSequence,
            .notSeenYet, .noMoment, .unknownTag, .tooFarBack, .noneGood:
            false
        }
    }
}
