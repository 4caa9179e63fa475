/// How many transactions a database has committed since its last capture. A pure decision from two bounds.
///
/// At least as many as the file change counter has grown by. SQLite raises it when it has taken the write
/// lock, once for each lock. In exclusive locking mode it keeps that lock, and later transactions leave the
/// counter.
///
/// At most as many as there are runs of writes to the file. A transaction with a journal on the disk writes
/// the journal, then the file, then ends the journal. The kernel merges an event only with an equal one
/// directly before it, so the writes of two such transactions never become one event. One that spills makes
/// several runs.
enum CommitCount {
    /// Nil when nobody can tell.
    ///
    /// - Parameters:
    ///   - passed: by how much the change counter has grown.
    ///   - runs: writes to the file, told apart by writes to its journal; fewer than `passed` without
    ///     journals.
    ///   - wasLocked: at the capture somebody held the write lock, and may have raised the counter before.
    static func exact(passed: Int, runs: Int, wasLocked: Bool) -> Int? {
        if runs <= passed { return passed }
        // The first transaction under a lock raises the counter.
        if passed == 0, !wasLocked { return 0 }
        return passed == 0 && runs == 1 ? 1 : nil
    }

    /// The same for a database that was made since; nothing of it was captured yet.
    ///
    /// - Parameters:
    ///   - counter: the change counter now.
    ///   - before: what it was before the first journal, where that is known.
    static func sinceMade(counter: UInt32, before: UInt32?, runs: Int) -> Int? {
        let all = JournalChain.passed(from: 0, to: counter)
        if let before {
            let passed = JournalChain.passed(from: before, to: counter)
            return before == 0 || runs <= passed ? passed : nil
        }
        // Without a journal. A copy brings all commits of its original with it.
        return runs > all ? nil : all
    }
}
