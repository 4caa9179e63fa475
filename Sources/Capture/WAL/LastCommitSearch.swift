import LinuxSystem
import SQLiteFiles

/// A pass over all frames of a generation, to the last commit.
struct LastCommitSearch {
    typealias Commit = (end: WALChain, databasePages: PageCount)

    let header: WALHeader
    private(set) var last: Commit?
    private(set) var previous: Commit?
    private(set) var commits = 0
    private var reached: WALChain
    private var isAtEnd = false

    init(_ header: WALHeader) {
        self.header = header
        reached = WALChain(header: header)
    }

    /// The chain before the first frame.
    var start: WALChain { WALChain(header: header) }

    /// Continues to the end of the frames that chain. False when that takes longer than one call may.
    mutating func reachEnd(
        _ reader: inout WALReader,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> Bool {
        guard !isAtEnd else { return true }
        var frames = FrameCursor(behind: reached)
        var isPaused = false
        while !isPaused, try reader.next(&frames, &scratch) {
            if let databasePages = frames.databasePages {
                previous = last
                last = (frames.chain, databasePages)
                commits += 1
            }
            isPaused = reader.isOverChunk
        }
        reached = frames.chain
        isAtEnd = !isPaused
        return isAtEnd
    }
}
