import LinuxSystem
import RepositoryFormat
import SQLiteFiles

/// A file that is too long to be captured.
///
/// Two bounds: a page number has 32 bits; and of a hole each page counts in the digest, which takes no time
/// only as far as `ZeroPages` reaches. Everything that is written, and not a hole, is captured up to the
/// first bound.
struct FileTooLong: Error, CustomStringConvertible {
    let path: String
    let byteCount: UInt64
    let limit: UInt64
    let isHole: Bool

    var description: String {
        let what = isHole ? "holes" : "file"
        return "\(path) is \(byteCount) bytes long; \(what) of more than \(limit) bytes cannot be captured"
    }
}

extension Tracker {
    /// The outline of the file's image, from a length that somebody else has chosen. Throws `FileTooLong`.
    /// - Parameter allocatedBytes: what of it is not a hole, about; 0 when that is not known.
    func imageShape(_ pageSize: PageSize, byteCount: UInt64, allocatedBytes: UInt64) throws -> ImageSize {
        guard let shape = ImageSize(pageSize: pageSize, byteCount: byteCount) else {
            throw tooLong(byteCount, PageCount.maximum.byteCount(pageSize: pageSize), isHole: false)
        }
        let quickBytes = ZeroPages.quickBytes(pageSize)
        let knownBytes = max(image?.shape.byteCount ?? 0, allocatedBytes, quickBytes)
        guard byteCount - min(byteCount, knownBytes) <= quickBytes else {
            throw tooLong(byteCount, quickBytes, isHole: true)
        }
        return shape
    }

    /// The outline of the image that a commit in the log says. Throws `FileTooLong`.
    func shapeFromLog(_ pageSize: PageSize, _ pages: PageCount) throws -> ImageSize {
        try imageShape(pageSize, byteCount: pages.byteCount(pageSize: pageSize), allocatedBytes: 0)
    }

    private func tooLong(_ byteCount: UInt64, _ limit: UInt64, isHole: Bool) -> FileTooLong {
        FileTooLong(path: path.printable, byteCount: byteCount, limit: limit, isHole: isHole)
    }

    /// The outline of an image of which a calm look showed the length. Throws `FileTooLong`.
    func imageShape(_ pageSize: PageSize, _ window: QuiescentWindow) throws -> ImageSize {
        let allocated = try FileStatus.directUnlessMissing(path)?.allocatedBytes ?? 0
        return try imageShape(pageSize, byteCount: window.sizeBytes, allocatedBytes: allocated)
    }

    /// Says that the file is left out, until it is shorter.
    func leaveOut(_ error: FileTooLong, _ now: MonotonicInstant) {
        dropScan()
        isLeftOut = true
        context.meter.leftOut(path.printable, error)
        capturedThrough = now
    }
}
