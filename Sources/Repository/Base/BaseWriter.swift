import LinuxFiles
import SQLiteFiles
import SystemPackage
import Zstandard

/// Writes one base file under a draft name, slice by slice, and gives it its name when it is on the disk.
struct BaseWriter: ~Copyable {
    /// 3: bases are written once and read rarely, beside live writers.
    static let level = 3
    /// So much is written before the disk is made to keep up, in bytes; else the final fsync would stall.
    private static let synchroniseEvery: UInt64 = 32 << 20

    let draft: FilePath
    private let root: RootID
    private let fileID: FileID
    private let pageSize: PageSize
    private let file: OpenFile
    private var compressor: Compressor
    private var slice: [UInt8] = []
    private var frame: [UInt8] = []
    private var index: [UInt8] = []
    private var offset = UInt64(BaseHeader.byteCount)
    private var synchronisedUpTo: UInt64 = 0
    /// Image bytes given so far.
    private(set) var byteCount: UInt64 = 0
    private(set) var digest: UInt64 = 0
    private var sealed: BaseReference?
    private var isNamed = false

    init(root: RootDescription, file id: FileID, pageSize: PageSize) throws {
        let draft = root.basesDirectory.appending("\(id).base.new")
        let file = try OpenFile(draft, .updateOrCreate)
        try file.truncate(to: 0)
        let compressor = try Compressor()
        self.draft = draft
        self.file = file
        self.compressor = compressor
        self.root = root.id
        fileID = id
        self.pageSize = pageSize
        slice.reserveCapacity(BaseHeader.sliceBytes)
    }

    /// Appends the image's next bytes: whole pages, apart from the last time.
    mutating func append(_ bytes: RawSpan) throws {
        var start = 0
        while start < bytes.byteCount {
            let count = min(bytes.byteCount - start, BaseHeader.sliceBytes - slice.count)
            slice.append(contentsOf: bytes.extracting(start..<start + count))
            start += count
            if slice.count == BaseHeader.sliceBytes { try writeSlice() }
        }
        byteCount += UInt64(bytes.byteCount)
        addToDigest(bytes)
    }

    private mutating func addToDigest(_ bytes: RawSpan) {
        let size = pageSize.bytes
        var page = UInt32((byteCount - UInt64(bytes.byteCount)) / UInt64(size))
        var start = 0
        while start < bytes.byteCount {
            page += 1
            if bytes.byteCount - start >= size {
                digest ^= ImageDigest.part(PageNumber(page), bytes.extracting(start..<start + size))
            } else {
                var padded: [UInt8] = []
                padded.append(contentsOf: bytes.extracting(start..<bytes.byteCount))
                padded.append(zeros: size - padded.count)
                digest ^= ImageDigest.part(PageNumber(page), unsafe padded.span.bytes)
            }
            start += size
        }
    }

    private mutating func writeSlice() throws {
        frame.removeAll(keepingCapacity: true)
        try compressor.compress(slice, level: Self.level, into: &frame)
        try file.write(unsafe frame.span.bytes, at: offset)
        let number = UInt64(index.count / BaseIndexEntry.byteCount)
        index.append(offset)
        index.append(UInt32(frame.count))
        index.append(unsafe XXH64.hash(frame.span.bytes, seed: number))
        offset += UInt64(frame.count)
        slice.removeAll(keepingCapacity: true)
        if offset - synchronisedUpTo >= Self.synchroniseEvery {
            try file.synchroniseData()
            synchronisedUpTo = offset
        }
    }

    /// Writes what is left, waits for the disk and names the file. After an error it can be tried again.
    mutating func finish(as path: FilePath) throws -> BaseReference {
        if sealed == nil { sealed = try seal() }
        if !isNamed {
            try file.synchronise()
            try Directory.rename(draft, to: path)
            isNamed = true
        }
        try Directory.synchronise(path.removingLastComponent())
        return sealed!
    }

    private mutating func seal() throws -> BaseReference {
        if !slice.isEmpty { try writeSlice() }
        let shape = ImageShape(pageSize: pageSize, byteCount: byteCount)!
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

    /// Takes the draft away again.
    func abandon() {
        if !isNamed { try? Directory.remove(draft) }
    }
}
