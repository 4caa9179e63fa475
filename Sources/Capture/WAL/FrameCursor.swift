import LinuxSystem
import SQLiteFiles

/// Goes through the frames of a log that a chain verifies, one after the other.
///
/// The frames are read into a buffer of the caller, which must not be used for anything else before the last
/// frame.
struct FrameCursor {
    /// The number of frames up to the end of the last commit that was passed, or to the start.
    private var committed: Int
    /// The chain behind the current frame.
    private(set) var chain: WALChain
    private(set) var page = PageNumber(1)
    /// The size of the database after the commit that the current frame ends; nil if it ends none.
    private(set) var databasePages: PageCount?
    /// Where the current frame's page is in the buffer.
    private(set) var content = 0..<0
    /// The number of frames that the last read asked for, and got.
    private var asked = 0
    private var buffered = 0
    /// The number of frames of the buffer that were passed.
    private var passed = 0

    /// Usually a few frames are new. So the first read is small, since bytes beyond them are copied for
    /// nothing.
    private static let firstReadBytes = 64 << 10

    init(behind chain: WALChain) {
        self.chain = chain
        committed = chain.frameCount
    }

    /// The size of the frames that were passed behind the last commit.
    var unfinishedBytes: Int { (chain.frameCount - committed) * chain.frameBytes }

    /// Goes to the next frame, and subtracts its size from `chunk`. False when the next frame is not valid,
    /// or when the file ends.
    mutating func next(
        _ log: PinnedFile,
        _ scratch: inout [UInt8],
        _ chunk: inout Int
    ) throws(SystemError) -> Bool {
        let frameBytes = chain.frameBytes
        if passed == buffered {
            guard buffered == asked else { return false }
            let wanted = asked == 0 ? max(1, Self.firstReadBytes / frameBytes) : asked * 2
            asked = min(wanted, scratch.count / frameBytes)
            let offset = chain.offset(ofFrame: chain.frameCount)
            buffered = try log.file.read(into: &scratch, count: asked * frameBytes, at: offset) / frameBytes
            passed = 0
            guard buffered > 0 else { return false }
        }
        let start = passed * frameBytes
        passed += 1
        chunk -= frameBytes
        switch unsafe chain.accept(frame: scratch.span.bytes.extracting(start..<start + frameBytes)) {
        case .end: return false
        case .page(let number): (page, databasePages) = (number, nil)
        case .commit(let number, let count):
            (page, databasePages) = (number, count)
            committed = chain.frameCount
        }
        content = start + WALLayout.frameHeaderBytes..<start + frameBytes
        return true
    }
}
