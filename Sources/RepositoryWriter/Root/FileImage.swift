import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage

/// The writer's latest image of one protected file: the content of the mirror, overlaid by the staged pages.
///
/// Unlike a `PageOverlay`, it owns no page: newer pages are in the batches that the flush encodes, and what
/// the mirror returns is checked against the hashes of what was written there.
final class FileImage {
    let id: FileID
    let mirrorPath: FilePath
    /// The hashes of the mirror's pages, shared by the whole root.
    let hashes: PageHashes
    /// Nil when the image is not known: the next snapshot starts fresh.
    var shape: ImageSize?
    var digest: UInt64 = 0
    /// The last snapshot is not a deletion.
    var isPresent = false
    /// The number of transactions in the snapshot that is assembled from several changes; nil when there is
    /// none.
    var unfinished: Int?
    /// The stream, including staged records, has parts or a base that no snapshot ends yet.
    var hasOpenParts = false
    var base: OpenBase?
    /// The mirror differs from the stream, and could not be rebuilt yet.
    var needsRestoring = false

    /// The file under the mirror's name is not the mirror: it must be rebuilt before it is used again.
    var hasLostMirror = false

    /// The length of the mirror, in bytes. It is unknown until the first update: a writer that crashed while
    /// it wrote a base image may have left anything.
    private(set) var mirrorBytes = UInt64.max
    /// The mirror is valid below this length. Beyond it the image was shortened since, and is zero.
    private var mirrorValidBytes: UInt64 = 0
    /// Newer content than the mirror's.
    var staged = StagedPages()

    init(_ id: FileID, mirrorPath: FilePath, _ hashes: PageHashes) {
        self.id = id
        self.mirrorPath = mirrorPath
        self.hashes = hashes
    }

    /// Sets that the mirror is exactly this image with known hashes, and that nothing is staged.
    func becomeMirrored(_ shape: ImageSize?, digest: UInt64) {
        self.shape = shape
        self.digest = digest
        mirrorBytes = shape?.byteCount ?? 0
        mirrorValidBytes = mirrorBytes
        staged.forget()
    }

    /// Whether it is empty, and nothing is open, staged, or to be rebuilt.
    var isGone: Bool {
        !isPresent && unfinished == nil && !hasOpenParts && base == nil && !needsRestoring && !hasLostMirror
            && shape?.byteCount == 0 && !isAheadOfMirror && staged.batches.isEmpty
    }

    /// Whether the mirror lacks any page or has another length.
    var isAheadOfMirror: Bool {
        guard base == nil, !needsRestoring, let shape else { return false }
        return !staged.isEmpty || shape.byteCount != mirrorBytes || mirrorValidBytes < mirrorBytes
    }

    /// Reads the latest content of a page into `buffer[start...]`, zeros where there is none. Returns its
    /// contribution to the digest. Throws also when the mirror's content differs from what was written to it:
    /// the mirror is then lost.
    @discardableResult
    func read(
        _ number: UInt32,
        _ size: Int,
        into buffer: inout [UInt8],
        from start: Int,
        mirror: SharedFile
    ) throws(SystemError) -> UInt64 {
        if let place = staged[number] {
            let raw = staged.batch(of: place).raw
            let content = unsafe raw.span.bytes.extracting(Int(place.offset)..<Int(place.offset) + size)
            buffer.put(content, at: start)
            return place.part
        }
        let offset = UInt64(number - 1) * UInt64(size)
        let end = mirrorValidBytes
        try mirror.file.read(into: &buffer, from: start, padded: size, at: offset, upTo: end)
        let page = buffer
        let content = unsafe page.span.bytes.extracting(start..<start + size)
        let part = ImageDigest.part(PageNumber(number), content)
        guard offset >= end || hashes.holds(PageNumber(number), of: id, content, hash: part) else {
            throw loseMirror()
        }
        return part
    }

    /// The contribution of pages of the latest content to the digest. Throws as `read` does.
    func parts(of pages: Range<UInt32>, _ pageSize: PageSize) throws(SystemError) -> UInt64 {
        guard !pages.isEmpty else { return 0 }
        var (sum, next) = (UInt64(0), pages.lowerBound)
        for number in staged.numbers.filter(pages.contains).sorted() {
            sum ^= try mirroredParts(next..<number, pageSize)
            sum ^= staged[number]?.part ?? 0
            next = number + 1
        }
        return sum ^ (try mirroredParts(next..<pages.upperBound, pageSize))
    }

    private func mirroredParts(_ pages: Range<UInt32>, _ pageSize: PageSize) throws(SystemError) -> UInt64 {
        // The image was shortened since: pages beyond this are zeros.
        let end = ImageSize(pageSize: pageSize, byteCount: min(mirrorValidBytes, mirrorBytes))?.pageCount.end
        guard let end else { throw SystemError(.read, mirrorPath, code: .fileTooLarge) }
        let valid = pages.clamped(to: 0..<end.rawValue)
        guard let sum = hashes.parts(valid, of: id, pageSize) else { throw loseMirror() }
        let behind = max(valid.upperBound, pages.lowerBound)..<pages.upperBound
        return sum ^ ZeroPages.parts(behind, pageSize)
    }

    /// The open base image, unless it has failed, or has another page size than that.
    func openBase(of pageSize: PageSize? = nil) throws -> OpenBase {
        guard let base, !base.hasFailed else {
            throw RepositoryError.misuse("file \(id) has no sound base image open")
        }
        if let pageSize, pageSize != shape!.pageSize {
            throw RepositoryError.misuse("another page size than the base image's")
        }
        return base
    }

    /// Drops the open base image and the unfinished snapshot: the image must be restored. Returns whether the
    /// stream has parts of them, which are then void.
    func dropOpenParts() -> Bool {
        base?.writer.abandon()
        let isVoid = hasOpenParts
        hasOpenParts = false
        unfinished = nil
        base = nil
        needsRestoring = true
        return isVoid
    }

    /// Marks the mirror as different from what was written to it.
    func loseMirror() -> SystemError {
        hasLostMirror = true
        return SystemError(.read, mirrorPath, code: .badMessage)
    }

    /// Sets a new size. Pages beyond it are dropped. If the image grows again, they are zero.
    func resize(to new: ImageSize, startsFresh: Bool) {
        if startsFresh {
            staged.forget()
            mirrorValidBytes = 0
        } else if let old = shape, new.byteCount < old.byteCount {
            staged.cut(to: new.pageCount.rawValue)
            mirrorValidBytes = min(mirrorValidBytes, new.byteCount)
        }
        shape = new
    }

    /// Writes the staged pages to the mirror. After an error it can be tried again.
    func updateMirror(_ mirror: SharedFile, scratch: inout [UInt32]) throws(SystemError) {
        guard let shape else { return }
        if mirrorValidBytes < mirrorBytes {
            try mirror.file.truncate(to: mirrorValidBytes)
            mirrorBytes = mirrorValidBytes
            // If a cut changes a page, that page is staged.
            let cut = ImageSize(pageSize: shape.pageSize, byteCount: mirrorValidBytes)
            hashes.cut(id, to: cut?.pageCount ?? .maximum)
        }
        scratch.removeAll(keepingCapacity: true)
        scratch.append(contentsOf: staged.numbers)
        scratch.sort()
        let size = shape.pageSize.bytes
        for number in scratch {
            let place = staged[number]!
            let raw = staged.batch(of: place).raw
            let content = unsafe raw.span.bytes.extracting(Int(place.offset)..<Int(place.offset) + size)
            let offset = UInt64(number - 1) * UInt64(size)
            try mirror.file.write(content, at: offset)
            mirrorBytes = max(mirrorBytes, offset + UInt64(size))
        }
        if mirrorBytes != shape.byteCount { try mirror.file.truncate(to: shape.byteCount) }
        mirrorBytes = shape.byteCount
        mirrorValidBytes = mirrorBytes
        hashes.set(scratch, of: id) { staged[$0]!.part }
        staged.forget()
    }
}
