import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage

/// The latest image of one protected file as the writer has it: what the mirror holds, and over it the pages
/// that are staged and not yet in the mirror.
final class FileImage {
    /// A snapshot that is being put together from several changes.
    struct Unfinished {
        /// Transactions that were added to it.
        var coalesced = 0
    }

    let id: FileID
    let mirrorPath: FilePath
    /// Of what the mirror has, and the whole root's.
    let hashes: PageHashes
    /// Nil when nothing is known: the next snapshot starts fresh.
    var shape: ImageSize?
    var digest: UInt64 = 0
    /// The last snapshot is not a deletion.
    var isPresent = false
    var unfinished: Unfinished?
    /// The stream, staged records included, has parts or a base that no snapshot ends yet.
    var hasOpenParts = false
    var base: OpenBase?
    /// The mirror is not what the stream says, and could not be rebuilt yet.
    var needsRestoring = false

    /// What stands under the mirror's name is not the mirror: it has to be rebuilt before it is used again.
    var hasLostMirror = false

    /// Length of the mirror, in bytes. Until the first update nothing is known of it: a writer that went down
    /// in the middle of a base image may have left anything.
    private(set) var mirrorBytes = UInt64.max
    /// The mirror counts below this length; beyond it the image was shortened since, and is zero.
    private var mirrorValidBytes: UInt64 = 0
    private var staged: [UInt32: Place] = [:]
    private(set) var stagedRuns: [Run] = []

    /// Where the latest content of a staged page lies.
    private struct Place {
        let run: UInt32
        let offset: UInt32
        /// What it adds to the digest.
        let part: UInt64
    }

    init(_ id: FileID, mirrorPath: FilePath, _ hashes: PageHashes) {
        self.id = id
        self.mirrorPath = mirrorPath
        self.hashes = hashes
    }

    /// The mirror holds exactly this image, of which the hashes are known, and nothing is staged.
    func becomeMirrored(_ shape: ImageSize?, digest: UInt64) {
        self.shape = shape
        self.digest = digest
        mirrorBytes = shape?.byteCount ?? 0
        mirrorValidBytes = mirrorBytes
        forgetStaged()
    }

    /// It is empty, and nothing is open, staged, or to be mended.
    var isGone: Bool {
        !isPresent && unfinished == nil && !hasOpenParts && base == nil && !needsRestoring && !hasLostMirror
            && shape?.byteCount == 0 && !isAheadOfMirror && stagedRuns.isEmpty
    }

    /// Whether the mirror does not have everything yet.
    var isAheadOfMirror: Bool {
        guard base == nil, !needsRestoring, let shape else { return false }
        return !staged.isEmpty || shape.byteCount != mirrorBytes || mirrorValidBytes < mirrorBytes
    }

    /// Reads the latest content of a page into `buffer[start...]`, zeros where there is none. Returns what it
    /// adds to the digest. Throws also when the mirror does not give back what was written to it: then it is
    /// lost.
    @discardableResult
    func read(
        _ number: UInt32,
        _ size: Int,
        into buffer: inout [UInt8],
        from start: Int,
        mirror: SharedFile
    ) throws(SystemError) -> UInt64 {
        if let place = staged[number] {
            let raw = stagedRuns[Int(place.run)].raw
            copy(raw, Int(place.offset), size, to: &buffer, start)
            return place.part
        }
        let offset = UInt64(number - 1) * UInt64(size)
        let valid = offset >= mirrorValidBytes ? 0 : Int(min(UInt64(size), mirrorValidBytes - offset))
        let got = valid == 0 ? 0 : try mirror.file.read(into: &buffer, from: start, count: valid, at: offset)
        buffer.clear(from: start + got, to: start + size)
        let page = buffer
        let content = unsafe page.span.bytes.extracting(start..<start + size)
        let part = ImageDigest.part(PageNumber(number), content)
        guard valid == 0 || hashes.holds(PageNumber(number), of: id, content, hash: part) else {
            throw loseMirror()
        }
        return part
    }

    /// What pages of the latest content add to the digest. Throws as `read` does.
    func parts(of pages: Range<UInt32>, _ pageSize: PageSize) throws(SystemError) -> UInt64 {
        guard !pages.isEmpty else { return 0 }
        var (sum, next) = (UInt64(0), pages.lowerBound)
        for number in staged.keys.filter(pages.contains).sorted() {
            sum ^= try mirroredParts(next..<number, pageSize)
            sum ^= staged[number]?.part ?? 0
            next = number + 1
        }
        return sum ^ (try mirroredParts(next..<pages.upperBound, pageSize))
    }

    private func mirroredParts(_ pages: Range<UInt32>, _ pageSize: PageSize) throws(SystemError) -> UInt64 {
        // Behind it the image was shortened since: zeros.
        let end = ImageSize(pageSize: pageSize, byteCount: min(mirrorValidBytes, mirrorBytes))?.pageCount.end
        guard let end else { throw SystemError(.read, mirrorPath, code: .fileTooLarge) }
        let valid = pages.clamped(to: 0..<end.rawValue)
        guard let sum = hashes.parts(valid, of: id, pageSize) else { throw loseMirror() }
        let behind = max(valid.upperBound, pages.lowerBound)..<pages.upperBound
        return sum ^ ZeroPages.parts(behind, pageSize)
    }

    /// The mirror is not what was written to it.
    func loseMirror() -> SystemError {
        hasLostMirror = true
        return SystemError(.read, mirrorPath, code: .badMessage)
    }

    /// Whether the page was already changed in that run.
    func isStaged(_ number: UInt32, in run: Run) -> Bool {
        guard let place = staged[number] else { return false }
        return stagedRuns[Int(place.run)] === run
    }

    /// From now on the page's content is that at `offset` of the run's pages, which adds `part` to the
    /// digest.
    func setStaged(_ number: UInt32, in run: Run, offset: Int, part: UInt64) {
        if stagedRuns.last !== run { stagedRuns.append(run) }
        staged[number] = Place(run: UInt32(stagedRuns.count - 1), offset: UInt32(offset), part: part)
    }

    /// Takes over a new outline. Pages beyond it are forgotten; if they come back they are zero.
    func resize(to new: ImageSize, startsFresh: Bool) {
        if startsFresh {
            forgetStaged()
            mirrorValidBytes = 0
        } else if let old = shape, new.byteCount < old.byteCount {
            let count = new.pageCount.rawValue
            if !staged.isEmpty { staged = staged.filter { $0.key <= count } }
            if staged.isEmpty { forgetStaged() }
            mirrorValidBytes = min(mirrorValidBytes, new.byteCount)
        }
        shape = new
    }

    /// Brings the mirror to the image. After an error it can be tried again.
    func updateMirror(_ mirror: SharedFile, scratch: inout [UInt32]) throws(SystemError) {
        guard let shape else { return }
        if mirrorValidBytes < mirrorBytes {
            try mirror.file.truncate(to: mirrorValidBytes)
            mirrorBytes = mirrorValidBytes
            // A page that is cut is staged, if the cut changes it.
            let cut = ImageSize(pageSize: shape.pageSize, byteCount: mirrorValidBytes)
            hashes.cut(id, to: cut?.pageCount ?? .maximum)
        }
        scratch.removeAll(keepingCapacity: true)
        scratch.append(contentsOf: staged.keys)
        scratch.sort()
        let size = shape.pageSize.bytes
        for number in scratch {
            let place = staged[number]!
            let raw = stagedRuns[Int(place.run)].raw
            let content = unsafe raw.span.bytes.extracting(Int(place.offset)..<Int(place.offset) + size)
            let offset = UInt64(number - 1) * UInt64(size)
            try mirror.file.write(content, at: offset)
            mirrorBytes = max(mirrorBytes, offset + UInt64(size))
        }
        if mirrorBytes != shape.byteCount { try mirror.file.truncate(to: shape.byteCount) }
        mirrorBytes = shape.byteCount
        mirrorValidBytes = mirrorBytes
        hashes.set(scratch, of: id) { staged[$0]!.part }
        forgetStaged()
    }

    func forgetStaged() {
        staged.removeAll(keepingCapacity: staged.count < 4096)
        stagedRuns.removeAll(keepingCapacity: true)
    }
}

/// Copies `count` bytes between arrays.
@inline(__always)
private func copy(_ source: [UInt8], _ from: Int, _ count: Int, to target: inout [UInt8], _ start: Int) {
    precondition(from >= 0 && from + count <= source.count && start + count <= target.count)
    unsafe source.withUnsafeBytes { source in
        unsafe target.withUnsafeMutableBytes { target in
            unsafe target.baseAddress!.advanced(by: start)
                .copyMemory(from: source.baseAddress!.advanced(by: from), byteCount: count)
        }
    }
}
