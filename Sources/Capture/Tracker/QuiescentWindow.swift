import LinuxSystem
import SQLiteFiles

/// A moment in which nobody writes a database file: the first half of a seqlock.
///
/// SQLite writes a database file only under an EXCLUSIVE lock (sqlite.org/lockingv3, section 3). In rollback
/// mode it takes the lock, syncs the journal, and only then writes. So the file is quiescent if one of these
/// holds:
/// 1. No process holds a write lock on the PENDING byte or the SHARED range. A live journal is then hot, or
///    its writer still holds only RESERVED.
/// 2. A process holds one, the journal is not synced yet or is idle, and it was written after the file.
///
/// The pages that are read between two equal windows are one state of the file, if no event of a write comes
/// in between.
struct QuiescentWindow: Equatable {
    let stamp: ContentStamp
    /// The first 100 bytes, fewer in a shorter file.
    let header: [UInt8]
    /// A dead writer's journal, which is hot: its pre-images belong over the file.
    let hotJournal: ContentStamp?
    var isHot: Bool { hotJournal != nil }
    /// Somebody holds the write lock all the same: before its journal is synced, or between two transactions
    /// (exclusive locking mode).
    let isLocked: Bool

    /// Nil while somebody writes or may be about to.
    init?(
        _ file: borrowing OpenFile,
        journal: JournalWatch,
        _ scratch: inout [UInt8]
    ) throws(SystemError) {
        let isPending = try file.isWriteLocked(in: LockBytes.pending)
        let isShared = try file.isWriteLocked(in: LockBytes.shared)
        isLocked = isPending || isShared
        let status = try file.status()
        let state = try journal.state(&scratch)
        if isLocked {
            // Either the journal is not synced yet, or exclusive locking mode keeps the lock between
            // transactions. A journal that was written after the file shows that the lock's owner is not
            // writing the file.
            guard state == .collecting || state == .idle, let written = journal.modifiedTime,
                written >= status.modified
            else { return nil }
        }
        stamp = ContentStamp(status)
        let mayBeHot = state == .live && !isLocked && status.sizeBytes > 0
        if mayBeHot, try !file.isWriteLocked(in: LockBytes.reserved),
            try !journal.namesMissingSuperJournal(&scratch), let journal = journal.named
        {
            hotJournal = ContentStamp(try journal.file.status())
        } else {
            hotJournal = nil
        }
        let got = try file.read(into: &scratch, count: DatabaseLayout.headerBytes, at: 0)
        header = Array(scratch[..<got])
    }

    /// Whether two windows show the same state of the file. A lock taken in between wrote nothing yet.
    static func == (first: QuiescentWindow, second: QuiescentWindow) -> Bool {
        first.stamp == second.stamp && first.header == second.header && first.hotJournal == second.hotJournal
    }

    /// Whether a scan may read the file now: nobody writes it, or a transaction whose journal will name the
    /// pages that it changes.
    static func isExplained(
        _ file: borrowing OpenFile,
        journal: JournalWatch,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> Bool {
        switch try journal.state(&scratch) {
        case .collecting, .live: return true
        case .absent, .idle: return try QuiescentWindow(file, journal: journal, &scratch) != nil
        }
    }

    var sizeBytes: UInt64 { stamp.sizeBytes }

    /// The content is not that of a database, which an empty file may be.
    var isNoDatabase: Bool { !header.isEmpty && !header.starts(with: DatabaseHeader.magic) }

    var parsedHeader: DatabaseHeader? { try? unsafe DatabaseHeader(header.span.bytes) }
}

extension JournalWatch {
    /// Whether a transaction in rollback mode may be writing the file. A dead writer's journal writes
    /// nothing.
    func isWriting(_ file: borrowing OpenFile, _ scratch: inout [UInt8]) throws(SystemError) -> Bool {
        guard try state(&scratch) == .live else { return false }
        return try QuiescentWindow(file, journal: self, &scratch)?.isHot != true
    }
}
