/// What an event told of a file. Of what appeared it brings the file itself; nil when that was gone before it
/// could be opened.
enum FileEvent {
    /// The name was given to a file, taken from it or moved.
    case nameChanged
    /// The content was written.
    case contentModified
    /// A writer closed the file.
    case contentClosed
    case journalAppeared(PinnedFile?)
    case journalModified
    case journalDeleted
    case logAppeared(PinnedFile?)
    case logModified
    /// The log lost its name: SQLite has checkpointed all of it. The held file still has every commit.
    case logDeleted
    /// Somebody opens the database; with the log that it has then.
    case indexAppeared(PinnedFile?, log: PinnedFile?)
    /// The wal-index was made anew, or has grown: all else is written through mappings, without an event.
    case indexModified
}
