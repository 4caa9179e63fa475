/// The number of transactions that a database has committed since its last capture. It is decided from two
/// bounds, without I/O.
///
/// The lower bound is the growth of the file change counter. SQLite increments it when it has taken the write
/// lock, once for each lock. In exclusive locking mode it keeps that lock, and later transactions do not
/// change the counter.
///
/// The upper bound is the number of separate runs of writes to the file. A transaction with a journal on the
/// disk writes the journal, then the file, then ends the journal. The kernel merges an event only with an
/// equal one directly before it, so the writes of two such transactions never become one event. A transaction
/// that spills causes several runs.
enum CommitCount {
    /// Nil when the number is not certain.
    ///
    /// - Parameters:
    ///   - passed: the growth of the change counter.
    ///   - runs: writes to the file, separated by writes to its journal; fewer than `passed` without
    ///     journals.
    ///   - wasLocked: at the capture a process held the write lock, and may have incremented the counter
    ///     before.
    static func exact(passed: Int, runs: Int, wasLocked: Bool) -> Int? {
        if runs <= passed { return passed }
        // The first transaction under a lock increments the counter.
        if passed == 0, !wasLocked { return 0 }
        return passed == 0 && runs == 1 ? 1 : nil
    }

    /// The same for a database that was created since, of which nothing was captured yet.
    ///
    /// - Parameters:
    ///   - counter: the current change counter.
    ///   - before: the counter before the first journal, if it is known.
    static func sinceMade(counter: UInt32, before: UInt32?, runs: Int) -> Int? {
        let all = JournalChain.passed(from: 0, to: counter)
        if let before {
            let passed = JournalChain.passed(from: before, to: counter)
            return before == 0 || runs <= passed ? passed : nil
        }
        // Without a journal. A copy includes all commits of its original.
        return runs > all ? nil : all
    }
}
