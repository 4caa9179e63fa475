import LinuxSystem
package import RepositoryFormat
import SQLiteFiles
package import SystemPackage
import Synchronization

/// An image of an earlier moment that is read here and there, and never rebuilt as a whole.
///
/// Records since the base are applied at once; of the base a chunk is decompressed when something of it is
/// read. Each record and each chunk that is used has its checksum. The digest of the whole image is not
/// compared, because the rest is never read.
package final class PastImage: Sendable {
    private struct Reading {
        var buffer: [UInt8] = []
        var failure: (any Error)?
    }

    package let snapshot: SnapshotState
    private let file: SharedFile
    private let base: LazyBase?
    private let reading = Mutex(Reading())

    /// - Parameter file: has all of the image that is not in the base.
    init(_ snapshot: SnapshotState, _ file: SharedFile, _ base: LazyBase?) {
        (self.snapshot, self.file, self.base) = (snapshot, file, base)
    }

    /// - Parameter directory: on its file system, a file without a name is made.
    package static func open(
        _ id: FileID,
        at sequence: SequenceNumber,
        of root: RootDescription,
        in directory: FilePath
    ) throws -> PastImage {
        try ReplacedSegmentError.retrying {
            let plans = try RebuildPlans(root, wanted: [id], upTo: sequence)
            let plan = try plans.plan(id, at: sequence)
            let file = try SharedFile(unnamedIn: directory)
            let pass = try RebuildPass(root, plans)
            pass.readsBasesLazily = true
            pass.add(id, plan, output: directory, open: file)
            try pass.run()
            let (snapshot, base) = try pass.lazySnapshot(id)
            return PastImage(snapshot, file, base)
        }
    }

    /// Why bytes of it could not be read.
    package var failure: (any Error)? { reading.withLock { $0.failure } }

    /// Calls `body` with the bytes of the image from `offset` on, up to `count`: fewer only at its end.
    package func read(count: Int, at offset: UInt64, _ body: (RawSpan) -> Void) throws {
        let end = snapshot.shape.byteCount
        let count = Int(min(UInt64(count), end.subtractingSaturated(offset)))
        try reading.withLock { reading in
            if reading.buffer.count < count { reading.buffer.append(zeros: count - reading.buffer.count) }
            do {
                try base?.fill(offset..<offset + UInt64(count), of: file.file)
                let got = try file.file.read(into: &reading.buffer, count: count, at: offset)
                body(unsafe reading.buffer.span.bytes.extracting(0..<got))
            } catch {
                let failure: any Error = base?.damage ?? error
                reading.failure = failure
                throw failure
            }
        }
    }

    /// Reads bytes into the front of `buffer`, which must have so many. Returns how many were read: fewer
    /// only at the end of the image.
    package func read(into buffer: inout [UInt8], count: Int, at offset: UInt64) throws -> Int {
        var got = 0
        try read(count: count, at: offset) { bytes in
            got = bytes.byteCount
            buffer.put(bytes, at: 0)
        }
        return got
    }
}

// Images that change: the image of a replay, and what follows it.
extension PastImage {
    /// A copy that stays as it is when this image changes.
    func copy(in directory: FilePath) throws -> PastImage {
        let file = try SharedFile(unnamedIn: directory)
        guard let copied = base?.forCopy() else {
            try file.file.becomeCopy(of: self.file.file)
            return PastImage(snapshot, file, nil)
        }
        return try PastImage(snapshot, file, copied.base).taking(copied.newer, of: self)
    }

    /// This image as it is in `other`'s snapshot, if no other pages than these differ. It has the same file.
    func following(_ other: PastImage, _ differing: PageBitmap) throws -> PastImage {
        if let base, let end = other.base?.validBytes { base.shorten(to: end) }
        return try PastImage(other.snapshot, file, base).taking(differing, of: other)
    }

    private func taking(_ pages: PageBitmap, of other: PastImage) throws -> PastImage {
        let (size, end) = (snapshot.shape.pageSize, snapshot.shape.byteCount)
        try file.file.truncate(to: end)
        var page = [UInt8](repeating: 0, count: size.bytes)
        var taken: [UInt32] = []
        var next = pages.first(from: PageNumber(1))
        while let number = next, case let offset = number.byteOffset(pageSize: size), offset < end {
            let count = try other.read(into: &page, count: size.bytes, at: offset)
            try file.file.write(unsafe page.span.bytes.extracting(0..<count), at: offset)
            taken.append(number.rawValue)
            next = number.next.flatMap { pages.first(from: $0) }
        }
        base?.wrote(taken)
        return self
    }
}
