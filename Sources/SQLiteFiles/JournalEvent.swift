/// The purpose of reading a journal.
package enum JournalPurpose: Sendable, Hashable {
    /// Exactly the pre-images that SQLite would put back if it rolled the journal back as a hot one.
    case playback
    /// The pages that a committed transaction may have changed, from a journal that was kept open after its
    /// end. Errs on the side of naming too many.
    case names
}

/// The result of reading one piece of a journal.
package enum JournalEvent: Sendable, Hashable {
    case header(JournalHeader)
    /// A page as it was before the transaction: one page long, at this byte offset of the journal.
    case record(PageNumber, preimageAt: UInt64)
    /// A record whose content must not be used.
    case skipped(PageNumber, JournalSkipReason)
    /// Nothing to report; continue with `wanted`.
    case nothing
    /// The journal ends here.
    case end(JournalEnd)
}

/// Why a record's content must not be used.
package enum JournalSkipReason: Sendable, Hashable {
    /// Its checksum fails. The page may have changed all the same.
    case checksumMismatch
    /// The database did not have that page when the transaction began; a rollback truncates it away.
    case beyondOriginalSize
}

/// Where and why the scan of a journal ended. Offsets are bytes in the journal.
package enum JournalEnd: Sendable, Hashable {
    /// No room is left for another header: the regular end, and that of an empty file.
    case endOfFile
    /// The journal's first header is zeroed: its transaction is over.
    case finished
    /// There is no valid header where the next would be. The regular end of a file that is longer than its
    /// journal; at offset 0 the file is no journal.
    case noHeader(at: UInt64)
    /// A record has the number of the lock page, which marks a super-journal's name.
    ///
    /// Such a name mostly ends in `endOfFile` or `noHeader`, because it follows the last counted record.
    /// `SuperJournalName` finds it.
    case superJournal(at: UInt64)
    /// A record for page 0.
    case noPage(at: UInt64)
    /// A record whose checksum fails, in a playback.
    case checksumMismatch(at: UInt64)
    /// The file ends inside this record or header.
    case cutShort(at: UInt64)
}
