import LinuxSystem
import SQLiteFiles

/// Whether the transaction that a commit frame ends is complete, and is the one that was read.
///
/// A transaction that has spilled its cache overwrites pages within its own frames (`walRewriteChecksums` in
/// SQLite's wal.c):
/// 1. It appends the commit frame with the checksum of the previous chain.
/// 2. It writes the changed checksums into all frames.
/// 3. It updates the wal-index.
///
/// A reader may read some frames before step 1 and the commit frame after it. It then has a valid chain, but
/// pages that never existed together. And a writer killed before step 3 leaves a commit that others
/// overwrite. So the index must count the commit. From then on its frames do not change, and the checksum on
/// the disk is the final one.
///
/// There may be no index of this generation, or no process that uses it (exclusive locking mode, after a
/// crash). Then the frames are read again. Frames are overwritten before the commit frame is written, so the
/// second read has the final pages.
struct CompletionProof {
    /// The transaction that is read again, and how far that has come.
    private var end: WALChain?
    private var reached: WALChain?

    /// Nil when the answer takes longer than one call may.
    mutating func isComplete(
        _ end: WALChain,
        behind position: LogPosition,
        _ reader: inout WALReader,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> Bool? {
        if let index = try reader.index.read(&scratch), index.hasSalts(of: end) {
            if Int(index.lastFrame) >= end.frameCount { return try reader.has(end, position, &scratch) }
            if reader.index.isUsed { return false }
        } else if reader.index.isUsed {
            // The index is being written, or does not have this generation yet. Or a reset has begun in it,
            // and the log's header follows. Only its count of commits shows which.
            guard let index = try reader.index.read(&scratch), index.lastFrame == 0,
                let mark = position.mark, index.changeCounter != mark.expected
            else { return false }
        }
        guard let start = position.chain else { return false }
        var frames = FrameCursor(behind: (self.end == end ? reached : nil) ?? start)
        while try reader.next(&frames, &scratch), frames.chain.frameCount < end.frameCount {
            guard !reader.isOverChunk else {
                (self.end, reached) = (end, frames.chain)
                return nil
            }
        }
        (self.end, reached) = (nil, nil)
        return frames.chain == end
    }
}
