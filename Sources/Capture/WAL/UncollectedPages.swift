import LinuxSystem
import RepositoryWriter
import SQLiteFiles

/// A log's newest pages that were not delivered yet. They are read backwards, so that the first frame found
/// of a page is its newest.
struct UncollectedPages {
    /// The chain at the last commit.
    let end: WALChain
    let databasePages: PageCount
    /// The number of frames from the front that were not read.
    private var frameCount: Int

    init(before end: WALChain, _ databasePages: PageCount) {
        self.end = end
        self.databasePages = databasePages
        frameCount = end.frameCount
    }

    var isEmpty: Bool { frameCount == 0 }

    /// Delivers pages that are not in `covered`, and adds them to it, until the chunk is used up or there is
    /// no room. False when a frame is missing or is not a frame.
    mutating func collect(
        _ covered: inout PageBitmap,
        _ reader: inout WALReader,
        _ scratch: inout [UInt8],
        _ hasRoom: () -> Bool,
        _ deliver: (PageSet, _ databasePages: PageCount) -> Void
    ) throws(SystemError) -> Bool {
        let (frameBytes, most) = (end.frameBytes, scratch.count / end.frameBytes)
        var pages = PageSet(pageSize: end.pageSize)
        while frameCount > 0, !reader.isOverChunk {
            let first = max(0, frameCount - most)
            guard try reader.readFrames(first..<frameCount, of: end, into: &scratch) else { return false }
            for frame in (first..<frameCount).reversed() {
                let start = (frame - first) * frameBytes
                let bytes = unsafe scratch.span.bytes.extracting(start..<start + frameBytes)
                frameCount = frame
                // Each frame of the log has a page. A hole, which only a wal-index counts as frames, has
                // none.
                guard let header = WALFrameHeader(bytes) else { return false }
                guard !covered.contains(header.page) else { continue }
                covered.insert(header.page)
                pages.append(header.page, bytes.extracting(WALLayout.frameHeaderBytes..<frameBytes))
                if pages.bytes.count >= WALReader.heldBytes {
                    deliver(pages, databasePages)
                    guard hasRoom() else { return true }
                    pages = PageSet(pageSize: end.pageSize)
                }
            }
        }
        if !pages.numbers.isEmpty { deliver(pages, databasePages) }
        return true
    }
}
