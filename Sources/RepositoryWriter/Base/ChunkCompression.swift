import RepositoryFormat
import RepositoryReader
import Zstandard

/// Compresses one chunk to a frame, and computes its checksum.
struct ChunkCompression: ChunkWork, ~Copyable {
    /// Level 1: on rows of text and their indexes, level 3 takes 50 percent longer for 6 percent less.
    static let level = 1

    var chunk: [UInt8] = []
    /// From 0.
    var number: UInt64 = 0
    private(set) var frame: [UInt8] = []
    private(set) var checksum: UInt64 = 0
    private(set) var failure: ZstandardError?
    private var compressor: Compressor

    init() throws {
        compressor = try Compressor()
    }

    mutating func run() {
        frame.removeAll(keepingCapacity: true)
        do throws(ZstandardError) {
            try compressor.compress(chunk, level: Self.level, into: &frame)
            checksum = unsafe XXH64.hash(frame.span.bytes, seed: number)
            failure = nil
        } catch {
            failure = error
        }
    }
}
