package import LinuxSystem
package import RepositoryFormat
package import SQLiteFiles

extension ImageDigest {
    /// The digest of the file's content as an image of that size. Bytes beyond the file's end count as zeros.
    package static func of(_ file: borrowing OpenFile, shape: ImageSize) throws(SystemError) -> UInt64 {
        try of(file, shape: shape, pages: shape.pageCount.pages(behind: PageCount(0)))
    }

    /// The contribution of some pages of such an image to its digest. Holes are counted, not read. `hashing`:
    /// the function that hashes the pages that were read, beginning with the given one.
    package static func of(
        _ file: borrowing OpenFile,
        shape: ImageSize,
        pages: Range<UInt32>,
        hashing: ((PageNumber, RawSpan) -> UInt64)? = nil
    ) throws(SystemError) -> UInt64 {
        let (size, end) = (shape.pageSize.bytes, shape.byteCount)
        var buffer: [UInt8] = []
        // If more than half of it is holes, all pages are first counted as zeros, and those with data are
        // then exchanged.
        let allocatedBytes = pages.count > 1 ? try file.status().allocatedBytes : end
        let isSparse = allocatedBytes < end / 2
        var digest = isSparse ? ZeroPages.parts(pages, shape.pageSize) : 0
        var next = pages.lowerBound
        var data = UInt64(0)..<UInt64(0)
        while next < pages.upperBound {
            let offset = PageNumber(next).byteOffset(pageSize: shape.pageSize)
            if data.upperBound <= offset { data = file.nextData(from: offset) ?? end..<UInt64.max }
            // Beyond the image's end the file may have older data.
            let hasData = max(offset, data.lowerBound) < end
            let firstData = hasData ? data.lowerBound / UInt64(size) + 1 : .max
            guard firstData <= UInt64(next) else {
                let hole = next..<UInt32(min(firstData, UInt64(pages.upperBound)))
                if !isSparse { digest ^= ZeroPages.parts(hole, shape.pageSize) }
                next = hole.upperBound
                continue
            }
            let dataBytes = min(data.upperBound, end) - offset
            let count = Int(min((dataBytes - 1) / UInt64(size) + 1, UInt64(max(1, chunkBytes / size))))
            let chunk = next..<min(next + UInt32(count), pages.upperBound)
            try read(chunk, of: file, shape, into: &buffer)
            let content = unsafe buffer.span.bytes.extracting(0..<chunk.count * size)
            let first = PageNumber(next)
            digest ^= hashing?(first, content) ?? parts(first, content, shape.pageSize)
            if isSparse { digest ^= ZeroPages.parts(chunk, shape.pageSize) }
            next = chunk.upperBound
        }
        return digest
    }

    private static let chunkBytes = 1 << 20

    /// Reads pages into the front of `buffer`. Bytes beyond the end of the image or the file become zeros.
    private static func read(
        _ pages: Range<UInt32>,
        of file: borrowing OpenFile,
        _ shape: ImageSize,
        into buffer: inout [UInt8]
    ) throws(SystemError) {
        let count = pages.count * shape.pageSize.bytes
        // No larger than needed: many files are small.
        if buffer.count < count { buffer.append(zeros: count - buffer.count) }
        let offset = PageNumber(pages.lowerBound).byteOffset(pageSize: shape.pageSize)
        try file.read(into: &buffer, padded: count, at: offset, upTo: shape.byteCount)
    }
}
