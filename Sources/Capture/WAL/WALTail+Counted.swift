import LinuxSystem
import SQLiteFiles

extension WALTail {
    /// Takes the commits at the end of the generation before `header`'s that only the wal-index's count knows
    /// of.
    ///
    /// The chain does not lead to them (`consumeKnown`), and since the reset the index no longer says where
    /// they end. But it says how many there are, and a log is written from front to back: as long as the last
    /// consumed frame stands, so does all behind it, and the first commit frame ends the first transaction.
    /// If `header`'s generation is the very next one, the commits are of the one before. Else what stands
    /// before a frame with the generation's salts is of that generation, or newer. Where neither holds,
    /// nothing is taken.
    func consumeCounted(
        before header: WALHeader,
        _ scratch: inout [UInt8],
        into sink: some Sink
    ) throws(SystemError) {
        guard let start = chain, start.frameCount > 0,
            let next = try frameHeader(start.frameCount, start, &scratch)?.salts,
            next == start.salts || next.areEmpty,
            case .commits(let count) = try uncounted(before: header, &scratch),
            (1...Self.mostCounted).contains(count)
        else { return }
        let frames = Self.heldBytes / start.pageSize.bytes
        guard
            let commits = try unchained(behind: start, frames: frames, commits: Int(count), &scratch),
            commits.count == Int(count), let end = commits.last?.end
        else { return }
        let goesOn = try frameHeader(end, start, &scratch)?.salts == start.salts
        guard header.salts.mayFollow(start.salts) || goesOn, try stands(start, &scratch) else { return }
        mark?.commitsSince &+= count
        for commit in commits { sink.committed(commit.pages, databasePages: commit.databasePages) }
    }

    private static let mostCounted: UInt32 = 16
}
