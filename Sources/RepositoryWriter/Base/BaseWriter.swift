import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage

/// Writes one base file under a draft name, chunk by chunk, and renames it once it is durable.
struct BaseWriter: ~Copyable {
    /// The number of bytes after which writeback to the disk is started. Otherwise the final fsync would have
    /// to write everything.
    private static let writebackBytes: UInt64 = 8 << 20

    let draft: FilePath
    private let root: RootID
    private let fileID: FileID
    private let pageSize: PageSize
    private let file: OpenFile
    private let lanes: ChunkLanes<ChunkCompression>
    private var chunk: [UInt8] = []
    private var chunkCount: UInt64 = 0
    private var index: [UInt8] = []
    private var offset = UInt64(BaseHeader.byteCount)
    private var writebackFrom: UInt64 = 0
    /// Image bytes given so far.
    private(set) var byteCount: UInt64 = 0
    private(set) var digest: UInt64 = 0
    private var sealed: BaseReference?
    private var isNamed = false
    /// Why it can never be finished: after a failed fsync the kernel no longer knows which pages are not on
    /// the disk.
    private var failure: SystemError?

    /// `purpose` separates the drafts of two writers of bases of one file at the same time.
    init(root: RootDescription, file id: FileID, pageSize: PageSize, purpose: String = "base") throws {
        let draft = root.basesDirectory.appending("\(id).\(purpose).new")
        let file = try OpenFile(draft, .updateOrCreate)
        try file.truncate(to: 0)
        let lanes = try ChunkLanes<ChunkCompression>()
        self.draft = draft
        self.file = file
        self.lanes = lanes
        self.root = root.id
        fileID = id
        self.pageSize = pageSize
        chunk.reserveCapacity(BaseHeader.chunkBytes)
    }

    /// Appends the image's next bytes: whole pages, except in the last call. `parts`: their contribution to
    /// the digest.
    mutating func append(_ bytes: RawSpan, parts: UInt64) throws {
        var start = 0
        while start < bytes.byteCount {
            let count = min(bytes.byteCount - start, BaseHeader.chunkBytes - chunk.count)
            chunk.append(contentsOf: bytes.extracting(start..<start + count))
            start += count
            if chunk.count == BaseHeader.chunkBytes { try compressChunk() }
        }
        byteCount += UInt64(bytes.byteCount)
        digest ^= parts
    }

    /// Gives the chunk to a lane for compression. If no lane is free, writes the oldest frame first.
    private mutating func compressChunk() throws {
        if lanes.isFull { try writeFrame() }
        lanes.give { work in
            swap(&work.chunk, &chunk)
            work.number = chunkCount
        }
        chunkCount += 1
        chunk.removeAll(keepingCapacity: true)
        chunk.reserveCapacity(BaseHeader.chunkBytes)
    }

    /// After an error the frame is still there to be written.
    private mutating func writeFrame() throws {
        try lanes.collect { work in
            if let failure = work.failure { throw failure }
            try file.write(unsafe work.frame.span.bytes, at: offset)
            index.append(offset)
            index.append(UInt32(work.frame.count))
            index.append(work.checksum)
            offset += UInt64(work.frame.count)
        }
        if offset - writebackFrom >= Self.writebackBytes {
            file.beginWriteback(writebackFrom..<offset)
            writebackFrom = offset
        }
    }

    /// `finish` will throw again: the base must be written anew.
    var hasFailed: Bool { failure != nil }

    /// Writes the rest, waits for the disk and names the file. After an error it can be tried again unless
    /// `hasFailed`.
    mutating func finish(as path: FilePath) throws -> BaseReference {
        if let failure { throw failure }
        if sealed == nil { sealed = try seal() }
        do throws(SystemError) {
            try file.synchronise()
        } catch {
            failure = error
            throw error
        }
        try Directory.rename(draft, to: path)
        do throws(SystemError) {
            try Directory.synchronise(path.removingLastComponent())
        } catch {
            // Takes the name back: only a name that is given again is written again.
            try Directory.rename(path, to: draft)
            throw error
        }
        isNamed = true
        return sealed!
    }

    private mutating func seal() throws -> BaseReference {
        if !chunk.isEmpty { try compressChunk() }
        while !lanes.isEmpty { try writeFrame() }
        let shape = ImageSize(pageSize: pageSize, byteCount: byteCount)!
        let indexChecksum = unsafe XXH64.hash(index.span.bytes, seed: 0)
        var end = index
        end.append(offset)
        end.append(indexChecksum)
        end.append(digest)
        end.append(BaseTrailer.magic)
        try file.write(unsafe end.span.bytes, at: offset)
        let header = BaseHeader(shape: shape, root: root, file: fileID).encoded()
        try file.write(unsafe header.span.bytes, at: 0)
        return BaseReference(shape: shape, digest: digest, indexChecksum: indexChecksum)
    }

    /// Removes the draft.
    func abandon() {
        if !isNamed { try? Directory.remove(draft) }
    }
}
