import LinuxSystem
import RepositoryWriter
import SQLiteFiles

/// What the tail hands over, and what it says.
extension WALTail {
    /// The destination of the consumed commits.
    protocol Sink: AnyObject {
        /// One complete transaction. `pages` are in the log's order. If a page is there twice, the last one
        /// applies.
        func committed(_ pages: PageSet, databasePages: PageCount)
        /// Some pages of a transaction too large to hold; `committed` with the rest follows.
        func partOfCommit(_ pages: PageSet, databasePages: PageCount)
        /// False when no more commits are wanted now; read after every commit.
        var hasRoom: Bool { get }
        /// The same for a part of a commit, which cannot be held back.
        var hasRoomForParts: Bool { get }
    }

    enum Outcome {
        /// Everything committed was consumed.
        case current
        /// The sink has no room for the rest, or a new generation has just begun: poll again.
        case congested
        /// The chunk is used up, so that other files need not wait: poll again at once.
        case unfinished
        /// Everything was consumed except a last commit that its writer may still be completing.
        case unconfirmed
        /// Commits may have been overwritten unread. The chain is gone.
        case lost
        /// SQLite no longer knows commits that were consumed. The chain is gone.
        case rolledBackByRecovery

        /// How single commits were lost; nil when none were.
        var loss: String? {
            switch self {
            case .current, .congested, .unfinished, .unconfirmed: nil
            case .lost: "the write-ahead log was overwritten before it was read"
            case .rolledBackByRecovery: "SQLite lost commits of its own when it recovered the write-ahead log"
            }
        }
    }
}

extension WALTail.Sink {
    var hasRoomForParts: Bool { hasRoom }
}
