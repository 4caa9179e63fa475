import LinuxFiles
import SQLiteFiles
import SystemPackage

/// Reads a base file, slice by slice.
///
/// It is valid when header, index and trailer agree with each other and with the record that refers to it,
/// frames lie side by side from the header to the index, and each slice has its checksum and its exact length.
/// So no byte of it is without a check. The digest of the whole is the caller's to compare.
struct BaseReader: ~Copyable {
    let path: FilePath
    let shape: ImageShape
    let fileBytes: UInt64
    private let file: OpenFile
    private let sliceBytes: Int
    private let index: [UInt8]
    /// Of the slices that `forEachSlice` opened.
    private(set) var digest: UInt64 = 0

    /// Opens the base of `id` and checks everything but its slices. Throws `DamageError` also when it is missing.
    init(_ path: FilePath, root: RootID, file id: FileID, reference: BaseReference) throws {
        let file = try Self.open(path)
        let size = try file.status().sizeBytes
        let header = try Self.readHeader(file, size)
        guard header.root == root, header.file == id, header.shape == reference.shape else {
            throw DamageError(path, at: 0, "not the base that the segment refers to")
        }
        index = try Self.readIndex(file, size, header, reference)
        self.path = path
        self.file = file
        fileBytes = size
        shape = header.shape
        sliceBytes = header.sliceBytes
    }

    var sliceCount: Int { index.count / BaseIndexEntry.byteCount }

    /// Calls `body` with the content of every slice, in order, and its offset in the image. With `opening`
    /// false, only the checksums are compared and `body` is not called. With `wanted`, slices without any of those
    /// pages are passed over. Several slices are opened at once.
    mutating func forEachSlice(
        opening: Bool = true,
        holding wanted: PageBitmap? = nil,
        _ body: (RawSpan, UInt64) throws -> Void
    ) throws {
        let lanes = try SliceLanes<SliceOpening>()
        var frameOffset = UInt64(BaseHeader.byteCount)
        digest = 0
        for number in 0..<sliceCount {
            let offset = frameOffset
            frameOffset += UInt64(indexEntry(number).frameBytes)
            if let wanted, !holds(number, wanted) { continue }
            if lanes.isFull { try collect(lanes, body) }
            try lanes.give { work in try read(number, at: offset, opening: opening, into: &work) }
        }
        while !lanes.isEmpty { try collect(lanes, body) }
    }

    /// Whether any of the pages lies in the slice.
    private func holds(_ slice: Int, _ pages: PageBitmap) -> Bool {
        let pagesPerSlice = UInt64(sliceBytes / shape.pageSize.bytes)
        let first = UInt64(slice) * pagesPerSlice + 1
        guard let page = pages.first(from: PageNumber(UInt32(first))) else { return false }
        return UInt64(page.rawValue) < first + pagesPerSlice
    }

    private mutating func collect(
        _ lanes: SliceLanes<SliceOpening>,
        _ body: (RawSpan, UInt64) throws -> Void
    ) throws {
        try lanes.collect { work in
            switch work.failure {
            case nil: break
            case .damaged: throw damage(work.number, " is damaged")
            case .zstd(let error): throw damage(work.number, ": \(error)")
            }
            guard work.isOpened else { return }
            digest ^= work.digest
            try body(unsafe work.content.span.bytes, work.offset)
        }
    }

    private func damage(_ number: Int, _ message: String) -> DamageError {
        let entry = number * BaseIndexEntry.byteCount + BaseIndexEntry.Offset.frameOffset
        let offset = unsafe index.span.bytes.littleEndianUInt64(at: entry)
        return DamageError(path, at: offset, "slice \(number)\(message)")
    }

    private func indexEntry(_ number: Int) -> (frameBytes: Int, checksum: UInt64) {
        let entry = number * BaseIndexEntry.byteCount
        let bytes = unsafe index.span.bytes
        return (
            Int(bytes.littleEndianUInt32(at: entry + BaseIndexEntry.Offset.frameBytes)),
            bytes.littleEndianUInt64(at: entry + BaseIndexEntry.Offset.checksum)
        )
    }

    /// Reads a frame, and says what is to be done with it.
    private func read(
        _ number: Int,
        at frameOffset: UInt64,
        opening: Bool,
        into work: inout SliceOpening
    ) throws {
        let (frameBytes, checksum) = indexEntry(number)
        if work.frame.count < frameBytes { work.frame.append(zeros: frameBytes - work.frame.count) }
        guard try file.read(into: &work.frame, count: frameBytes, at: frameOffset) == frameBytes else {
            throw damage(number, " is cut off")
        }
        work.number = number
        work.frameBytes = frameBytes
        work.checksum = checksum
        work.offset = UInt64(number) * UInt64(sliceBytes)
        work.byteCount = Int(min(UInt64(sliceBytes), shape.byteCount - work.offset))
        work.pageSize = shape.pageSize
        work.isOpened = opening
    }

    private static func open(_ path: FilePath) throws -> OpenFile {
        do throws(SystemError) {
            return try OpenFile(path, .read)
        } catch {
            throw error.isMissing ? DamageError(path, at: 0, "the base file is missing") : error
        }
    }

    private static func readHeader(_ file: borrowing OpenFile, _ size: UInt64) throws -> BaseHeader {
        var bytes = [UInt8](repeating: 0, count: BaseHeader.byteCount)
        let got = try file.read(into: &bytes, count: bytes.count, at: 0)
        do throws(FormatError) {
            let header = try unsafe BaseHeader(bytes.span.bytes.extracting(0..<got))
            let rest = UInt64(BaseHeader.byteCount + BaseTrailer.byteCount)
            // Before anything is reserved for it: the index must be there.
            guard size >= rest, header.sliceCount <= (size - rest) / UInt64(BaseIndexEntry.byteCount) else {
                throw .malformed(at: 0, "the file is too short for its index")
            }
            return header
        } catch {
            throw error.inFile(file.path, at: 0)
        }
    }

    private static func readIndex(
        _ file: borrowing OpenFile,
        _ size: UInt64,
        _ header: BaseHeader,
        _ reference: BaseReference
    ) throws -> [UInt8] {
        // The file has room for it, but a hole in it takes none: memory is taken for what was read and found right.
        let indexBytes = Int(header.sliceCount) * BaseIndexEntry.byteCount
        let indexOffset = size - UInt64(indexBytes + BaseTrailer.byteCount)
        var (bytes, chunk) = ([UInt8](), [UInt8](repeating: 0, count: min(indexBytes, Self.chunkBytes)))
        var frameOffset = UInt64(BaseHeader.byteCount)
        while bytes.count < indexBytes {
            let (count, at) = (min(chunk.count, indexBytes - bytes.count), indexOffset + UInt64(bytes.count))
            guard try file.read(into: &chunk, count: count, at: at) == count else {
                throw DamageError(file.path, at: indexOffset, "the index is cut off")
            }
            let entries = unsafe chunk.span.bytes.extracting(0..<count)
            frameOffset = try checkFrames(
                entries,
                at: at,
                from: frameOffset,
                upTo: indexOffset,
                header,
                file.path
            )
            bytes.append(contentsOf: entries)
        }
        guard frameOffset == indexOffset else {
            throw DamageError(file.path, at: indexOffset, "the index is damaged")
        }
        var trailer = [UInt8](repeating: 0, count: BaseTrailer.byteCount)
        let trailerOffset = size - UInt64(trailer.count)
        guard try file.read(into: &trailer, count: trailer.count, at: trailerOffset) == trailer.count else {
            throw DamageError(file.path, at: trailerOffset, "the trailer is cut off")
        }
        try check(unsafe bytes.span.bytes, unsafe trailer.span.bytes, at: indexOffset, reference, file.path)
        return bytes
    }

    /// A whole number of entries.
    private static let chunkBytes = BaseIndexEntry.byteCount << 14

    /// Checks index and trailer, which start at `offset` of the file.
    private static func check(
        _ index: RawSpan,
        _ trailer: RawSpan,
        at offset: UInt64,
        _ reference: BaseReference,
        _ path: FilePath
    ) throws(DamageError) {
        guard trailer.littleEndianUInt64(at: BaseTrailer.Offset.magic) == BaseTrailer.magic,
            trailer.littleEndianUInt64(at: BaseTrailer.Offset.indexOffset) == offset,
            trailer.littleEndianUInt64(at: BaseTrailer.Offset.indexChecksum) == reference.indexChecksum,
            trailer.littleEndianUInt64(at: BaseTrailer.Offset.digest) == reference.digest
        else { throw DamageError(path, at: offset + UInt64(index.byteCount), "the trailer is damaged") }
        guard XXH64.hash(index, seed: 0) == reference.indexChecksum else {
            throw DamageError(path, at: offset, "the index is damaged")
        }
    }

    /// Frames lie side by side, and none is longer than its slice could make it. Returns where the last of these ends.
    /// - Parameters:
    ///   - place: of the entries in the file.
    ///   - start: where the first of their frames must begin.
    ///   - end: of all frames.
    private static func checkFrames(
        _ index: RawSpan,
        at place: UInt64,
        from start: UInt64,
        upTo end: UInt64,
        _ header: BaseHeader,
        _ path: FilePath
    ) throws(DamageError) -> UInt64 {
        var offset = start
        for entry in stride(from: 0, to: index.byteCount, by: BaseIndexEntry.byteCount) {
            let frameBytes = index.littleEndianUInt32(at: entry + BaseIndexEntry.Offset.frameBytes)
            guard index.littleEndianUInt64(at: entry + BaseIndexEntry.Offset.frameOffset) == offset,
                frameBytes <= UInt32(2 * header.sliceBytes + 1024), UInt64(frameBytes) <= end - offset
            else { throw DamageError(path, at: place + UInt64(entry), "the index is damaged") }
            offset += UInt64(frameBytes)
        }
        return offset
    }
}
