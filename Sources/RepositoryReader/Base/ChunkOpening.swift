import RepositoryFormat
import SQLiteFiles
import Zstandard

/// Verifies and decompresses the frame of one chunk, and computes its contribution to the image's digest.
struct ChunkOpening: ChunkWork, ~Copyable {
    /// From 0.
    var number = 0
    /// The position of the frame in the file, in bytes.
    var frameOffset: UInt64 = 0
    /// The frame, followed by bytes that an earlier, longer one may have left.
    var frame: [UInt8] = []
    var frameBytes = 0
    var checksum: UInt64 = 0
    /// The position of the chunk in the image, in bytes, and its length.
    var offset: UInt64 = 0
    var byteCount = 0
    var pageSize = PageSize.plain
    /// False: only the checksum is compared.
    var isOpened = true

    private(set) var content: [UInt8] = []
    private(set) var digest: UInt64 = 0
    /// What is wrong with the chunk, as it follows its number in a message.
    private(set) var failure: String?
    private let decompressor: Decompressor

    init() throws {
        decompressor = try Decompressor()
    }

    mutating func run() {
        failure = nil
        let sum = unsafe XXH64.hash(frame.span.bytes.extracting(0..<frameBytes), seed: UInt64(number))
        guard sum == checksum else { return failure = " is damaged" }
        guard isOpened else { return }
        do { try open() } catch { failure = ": \(error)" }
    }

    private mutating func open() throws(ZstandardError) {
        // Moved out while it is written, because the call also reads `self`.
        var content: [UInt8] = []
        swap(&content, &self.content)
        defer { self.content = content }
        try decompressor.decompress(
            unsafe frame.span.bytes.extracting(0..<frameBytes),
            prefix: nil,
            exactly: byteCount,
            into: &content
        )
        let first = PageNumber(UInt32(offset / UInt64(pageSize.bytes)) + 1)
        digest = unsafe ImageDigest.parts(first, content.span.bytes, pageSize)
    }
}
