import LinuxSystem
import RepositoryFormat
import SQLiteFiles
import SystemPackage

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

/// How long a file's image may be.
struct ImageBounds {
    let path: FilePath
    /// Of the image that was captured last.
    let capturedBytes: UInt64

    /// The size of the file's image, from a length that somebody else has chosen. Throws `FileTooLong`.
    /// - Parameter allocatedBytes: what of it is not a hole, about; 0 when that is not known.
    func shape(_ pageSize: PageSize, byteCount: UInt64, allocatedBytes: UInt64) throws -> ImageSize {
        guard let shape = ImageSize(pageSize: pageSize, byteCount: byteCount) else {
            throw tooLong(byteCount, PageCount.maximum.byteCount(pageSize: pageSize), isHole: false)
        }
        let quickBytes = ZeroPages.quickBytes(pageSize)
        let knownBytes = max(capturedBytes, allocatedBytes, quickBytes)
        guard byteCount - min(byteCount, knownBytes) <= quickBytes else {
            throw tooLong(byteCount, quickBytes, isHole: true)
        }
        return shape
    }

    /// The size of a file that is no database. Throws `FileTooLong`.
    func plainShape(_ status: FileStatus) throws -> ImageSize {
        try shape(.plain, byteCount: status.sizeBytes, allocatedBytes: status.allocatedBytes)
    }

    /// The size of the image that a commit in the log says. Throws `FileTooLong`.
    func shapeFromLog(_ pageSize: PageSize, _ pages: PageCount) throws -> ImageSize {
        try shape(pageSize, byteCount: pages.byteCount(pageSize: pageSize), allocatedBytes: 0)
    }

    /// The size of an image of which a quiescent read showed the length. Throws `FileTooLong`.
    func shape(_ pageSize: PageSize, _ window: QuiescentWindow) throws -> ImageSize {
        let allocated = try FileStatus.directUnlessMissing(path)?.allocatedBytes ?? 0
        return try shape(pageSize, byteCount: window.sizeBytes, allocatedBytes: allocated)
    }

    private func tooLong(_ byteCount: UInt64, _ limit: UInt64, isHole: Bool) -> FileTooLong {
        FileTooLong(path: path.printable, byteCount: byteCount, limit: limit, isHole: isHole)
    }
}
