import LinuxSystem
import SQLiteFiles

extension WALTail {
    /// Takes the commits at the end of the generation before `header`'s that only the wal-index's count
    /// includes.
    ///
    /// The chain does not reach them (`consumeKnown`), and since the reset the index no longer has their end.
    /// But it has their number, and a log is written from front to back. While the last consumed frame is
    /// unchanged, all frames behind it are too, and the first commit frame ends the first transaction.
    ///
    /// The commits are taken if and only if one of these holds:
    /// 1. `header`'s generation is the next one. The commits are then of the one before.
    /// 2. A frame with the generation's salts follows them. Frames before it are of that generation, or
    ///    newer.
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
