package import LinuxSystem
package import RepositoryFormat
package import SQLiteFiles
package import SystemPackage

/// Reads a base file, chunk by chunk.
///
/// A base is valid if and only if:
/// 1. Header, index and trailer agree with each other and with the record that refers to it.
/// 2. The frames are contiguous from the header to the index.
/// 3. Each chunk has its checksum and its exact length.
///
/// So every byte is checked. The caller compares the digest of the whole.
///
/// The index is never in memory as a whole: it may claim to be as long as a disk. It is verified from front
/// to back when the base is opened, and read again piece by piece. Each entry is then checked once more,
/// since the file may have changed.
package struct BaseReader: ~Copyable, Sendable {
    let path: FilePath
    let shape: ImageSize
    let fileBytes: UInt64
    private let file: OpenFile
    let chunkBytes: Int
    let chunkCount: Int
    /// Where the index starts, in bytes from the start of the file.
    private let indexOffset: UInt64
    /// The index entries that were read last, and the number of the first of them.
    private var lines: (bytes: [UInt8], first: Int)
    /// The digest of the chunks that `forEachChunk` decompressed.
    private(set) var digest: UInt64 = 0

    /// Opens the base of `id` and verifies everything but its chunks. Throws `DamageError` also when it is
    /// missing.
    package init(
        _ path: FilePath,
        in files: BaseFiles = BaseFiles(),
        root: RootID,
        file id: FileID,
        reference: BaseReference
    ) throws {
        let file = try Self.open(path, in: files)
        let size = try file.status().sizeBytes
        let header = try Self.readHeader(file, size)
        let isOfFile = header.root == root && header.file == id
        guard isOfFile, header.shape == reference.shape else {
            // After a crash while a base was written, the file's next base may get its name. A copy of the
            // repository may have the other one.
            throw DamageError(
                path,
                at: 0,
                "not the base that the segment refers to",
                isIncompleteness: isOfFile
            )
        }
        let indexBytes = header.chunkCount * UInt64(BaseIndexEntry.byteCount)
        let indexOffset = size - indexBytes - UInt64(BaseTrailer.byteCount)
        lines = try Self.proveIndex(file, at: indexOffset, header, reference)
        chunkCount = Int(header.chunkCount)
        self.indexOffset = indexOffset
        self.path = path
        self.file = file
        fileBytes = size
        shape = header.shape
        chunkBytes = header.chunkBytes
    }

    /// Calls `body` with the content of every chunk, in order, and its offset in the image. If `opening` is
    /// false, it only compares the checksums and does not call `body`. With `wanted`, chunks without any of
    /// those pages are skipped. Several chunks are decompressed at once. `progress` counts their bytes in the
    /// image.
    package mutating func forEachChunk(
        opening: Bool = true,
        holding wanted: PageBitmap? = nil,
        progress: WorkProgress? = nil,
        _ body: (RawSpan, UInt64) throws -> Void
    ) throws {
        let lanes = try ChunkLanes<ChunkOpening>()
        var frameOffset = UInt64(BaseHeader.byteCount)
        digest = 0
        for number in 0..<chunkCount {
            let line = try line(number)
            guard line.offset == frameOffset, Self.isFrameLength(line.frameBytes, chunkBytes: chunkBytes)
            else {
                throw DamageError(path, at: indexOffset, "the index has changed")
            }
            frameOffset += UInt64(line.frameBytes)
            if let wanted, !holds(number, wanted) { continue }
            if lanes.isFull { try collect(lanes, progress, body) }
            try lanes.give { work in try read(number, line, opening: opening, into: &work) }
        }
        while !lanes.isEmpty { try collect(lanes, progress, body) }
    }

    /// Verifies and decompresses one chunk.
    mutating func open(_ number: Int, into work: inout ChunkOpening) throws {
        let line = try line(number)
        guard Self.isFrameLength(line.frameBytes, chunkBytes: chunkBytes) else {
            throw DamageError(path, at: indexOffset, "the index has changed")
        }
        try read(number, line, opening: true, into: &work)
        work.run()
        if let failure = work.failure { throw damage(work, failure) }
    }

    /// Whether any of the pages is in the chunk.
    private func holds(_ chunk: Int, _ pages: PageBitmap) -> Bool {
        let pagesPerChunk = UInt64(chunkBytes / shape.pageSize.bytes)
        let first = UInt64(chunk) * pagesPerChunk + 1
        guard let page = pages.first(from: PageNumber(UInt32(first))) else { return false }
        return UInt64(page.rawValue) < first + pagesPerChunk
    }

    private mutating func collect(
        _ lanes: ChunkLanes<ChunkOpening>,
        _ progress: WorkProgress?,
        _ body: (RawSpan, UInt64) throws -> Void
    ) throws {
        try lanes.collect { work in
            if let failure = work.failure { throw damage(work, failure) }
            progress?.add(UInt64(work.byteCount))
            guard work.isOpened else { return }
            digest ^= work.digest
            try body(unsafe work.content.span.bytes, work.offset)
        }
    }

    private func damage(_ work: borrowing ChunkOpening, _ message: String) -> DamageError {
        DamageError(path, at: work.frameOffset, "chunk \(work.number)\(message)")
    }

    /// An entry of the index.
    private struct Line {
        let offset: UInt64
        let frameBytes: UInt32
        let checksum: UInt64

        init(_ index: RawSpan, at entry: Int) {
            offset = index.littleEndianUInt64(at: entry + BaseIndexEntry.Offset.frameOffset)
            frameBytes = index.littleEndianUInt32(at: entry + BaseIndexEntry.Offset.frameBytes)
            checksum = index.littleEndianUInt64(at: entry + BaseIndexEntry.Offset.checksum)
        }
    }

    /// No frame is empty, nor longer than zstd could make its chunk.
    private static func isFrameLength(_ frameBytes: UInt32, chunkBytes: Int) -> Bool {
        frameBytes > 0 && frameBytes <= UInt32(2 * chunkBytes + 1024)
    }

    private mutating func line(_ number: Int) throws -> Line {
        let count = lines.bytes.count / BaseIndexEntry.byteCount
        if number < lines.first || number >= lines.first + count {
            lines = (try Self.readLines(file, at: indexOffset, from: number, of: chunkCount), number)
        }
        let entry = (number - lines.first) * BaseIndexEntry.byteCount
        return unsafe Line(lines.bytes.span.bytes, at: entry)
    }

    /// Reads a frame, and sets up the work on it.
    private func read(_ number: Int, _ line: Line, opening: Bool, into work: inout ChunkOpening) throws {
        let frameBytes = Int(line.frameBytes)
        work.number = number
        work.frameOffset = line.offset
        work.frameBytes = frameBytes
        work.checksum = line.checksum
        work.offset = UInt64(number) * UInt64(chunkBytes)
        work.byteCount = Int(min(UInt64(chunkBytes), shape.byteCount - work.offset))
        work.pageSize = shape.pageSize
        work.isOpened = opening
        if work.frame.count < frameBytes { work.frame.append(zeros: frameBytes - work.frame.count) }
        guard try file.read(into: &work.frame, count: frameBytes, at: line.offset) == frameBytes else {
            throw damage(work, " is cut off")
        }
    }

    private static func open(_ path: FilePath, in files: BaseFiles) throws -> OpenFile {
        do {
            return try files.open(path)
        } catch let error as SystemError where error.isAbsent {
            throw DamageError(path, at: 0, "the base image is missing", isIncompleteness: true)
        }
    }

    private static func readHeader(_ file: borrowing OpenFile, _ size: UInt64) throws -> BaseHeader {
        var bytes = [UInt8](repeating: 0, count: BaseHeader.byteCount)
        let got = try file.read(into: &bytes, count: bytes.count, at: 0)
        do throws(FormatError) {
            let header = try unsafe BaseHeader(bytes.span.bytes.extracting(0..<got))
            let rest = UInt64(BaseHeader.byteCount + BaseTrailer.byteCount)
            // The index must be in the file before memory is allocated for it.
            guard size >= rest, header.chunkCount <= (size - rest) / UInt64(BaseIndexEntry.byteCount) else {
                throw .malformed(at: 0, "the file is too short for its index")
            }
            return header
        } catch {
            throw error.inFile(file.path, at: 0)
        }
    }

    /// The number of index entries that are read at once: a multiple of 32 bytes.
    private static let linesAtOnce = 1 << 14

    private static func readLines(
        _ file: borrowing OpenFile,
        at indexOffset: UInt64,
        from first: Int,
        of all: Int
    ) throws -> [UInt8] {
        let count = min(linesAtOnce, all - first) * BaseIndexEntry.byteCount
        var bytes = [UInt8](repeating: 0, count: count)
        let at = indexOffset + UInt64(first) * UInt64(BaseIndexEntry.byteCount)
        guard try file.read(into: &bytes, count: count, at: at) == count else {
            throw DamageError(file.path, at: indexOffset, "the index is cut off")
        }
        return bytes
    }

    /// Reads the whole index and the trailer, and compares them with header and reference. Returns the
    /// entries that were read last.
    private static func proveIndex(
        _ file: borrowing OpenFile,
        at indexOffset: UInt64,
        _ header: BaseHeader,
        _ reference: BaseReference
    ) throws -> (bytes: [UInt8], first: Int) {
        let all = Int(header.chunkCount)
        var (lines, first) = ([UInt8](), 0)
        var (sum, frameOffset) = (XXH64.Pieces(seed: 0), UInt64(BaseHeader.byteCount))
        while true {
            lines = try readLines(file, at: indexOffset, from: first, of: all)
            let bytes = unsafe lines.span.bytes
            for entry in stride(from: 0, to: bytes.byteCount, by: BaseIndexEntry.byteCount) {
                let line = Line(bytes, at: entry)
                guard line.offset == frameOffset,
                    isFrameLength(line.frameBytes, chunkBytes: header.chunkBytes),
                    UInt64(line.frameBytes) <= indexOffset - frameOffset
                else {
                    let place = indexOffset + UInt64(first * BaseIndexEntry.byteCount + entry)
                    throw DamageError(file.path, at: place, "the index is damaged")
                }
                frameOffset += UInt64(line.frameBytes)
            }
            guard first + linesAtOnce < all else { break }
            sum.add(bytes)
            first += linesAtOnce
        }
        guard frameOffset == indexOffset else {
            throw DamageError(file.path, at: indexOffset, "the index is damaged")
        }
        try checkTrailer(file, of: indexOffset, header, reference)
        guard unsafe sum.hash(with: lines.span.bytes) == reference.indexChecksum else {
            throw DamageError(file.path, at: indexOffset, "the index is damaged")
        }
        return (lines, first)
    }

    private static func checkTrailer(
        _ file: borrowing OpenFile,
        of indexOffset: UInt64,
        _ header: BaseHeader,
        _ reference: BaseReference
    ) throws {
        var bytes = [UInt8](repeating: 0, count: BaseTrailer.byteCount)
        let place = indexOffset + header.chunkCount * UInt64(BaseIndexEntry.byteCount)
        guard try file.read(into: &bytes, count: bytes.count, at: place) == bytes.count else {
            throw DamageError(file.path, at: place, "the trailer is cut off")
        }
        let trailer = unsafe bytes.span.bytes
        guard trailer.littleEndianUInt64(at: BaseTrailer.Offset.magic) == BaseTrailer.magic,
            trailer.littleEndianUInt64(at: BaseTrailer.Offset.indexOffset) == indexOffset,
            trailer.littleEndianUInt64(at: BaseTrailer.Offset.indexChecksum) == reference.indexChecksum,
            trailer.littleEndianUInt64(at: BaseTrailer.Offset.digest) == reference.digest
        else { throw DamageError(file.path, at: place, "the trailer is damaged") }
    }
}
