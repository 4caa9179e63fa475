import SQLiteFiles

/// The wal-index's state at a moment when it agreed with the commits that the tail had consumed.
///
/// `iChange` in the wal-index header is incremented by every commit, and a reset of the log does not change
/// it (sqlite.org/walformat, section 2.1). So the number of commits consumed since, compared with it, proves
/// that none was overwritten unread.
struct CommitMark {
    let salts: WALSalts
    let frameCount: Int
    let changeCounter: UInt32
    /// Commits consumed since then.
    var commitsSince: UInt32 = 0

    init(_ index: WALIndexHeader) {
        salts = index.salts
        frameCount = Int(index.lastFrame)
        changeCounter = index.changeCounter
    }

    /// The mark of a new log. The first process that opens a log starts the index anew, from zero.
    static let initial = CommitMark()

    private init() {
        salts = WALSalts(salt1: 0, salt2: 0)
        frameCount = 0
        changeCounter = 0
    }

    var isInitial: Bool { salts.areEmpty }
    var expected: UInt32 { changeCounter &+ commitsSince }

    /// The number of commits that the index counts, without the consumed ones and the `commits` of the
    /// generation under `header`. `lastMayBeUnindexed`: the writer of that generation's last commit may have
    /// been killed before the index counted it.
    func uncounted(
        by index: WALIndexHeader,
        before header: WALHeader,
        commits: UInt32,
        lastMayBeUnindexed: Bool
    ) -> UInt32 {
        // If a process opens the database while its only other user closes it, it recovers the log and
        // counts from zero.
        let isFirst = isInitial && header.checkpointSequence == 0
        if isFirst, index.changeCounter < commits { return 0 }
        let all = index.changeCounter &- expected
        return lastMayBeUnindexed && all &+ 1 == commits ? 0 : all &- commits
    }
}
