package import SQLiteFiles

/// The digest of an image: XOR over its pages of XXH64(page, seed = page number). A partial last page is
/// padded with zeros. The digest of an empty image is 0.
///
/// Changing a page takes one step each for the old and the new content. The digest does not cover the image's
/// length, which is always kept and compared beside it.
package enum ImageDigest {
    /// The contribution of one page to the digest: adding and removing it are the same. `content` is a whole
    /// page.
    @inline(__always)
    package static func part(_ number: PageNumber, _ content: RawSpan) -> UInt64 {
        XXH64.hash(content, seed: UInt64(number.rawValue))
    }

    /// The contribution of consecutive pages to the digest. `content` begins with page `first`. A partial
    /// last page is padded with zeros.
    package static func parts(_ first: PageNumber, _ content: RawSpan, _ pageSize: PageSize) -> UInt64 {
        let size = pageSize.bytes
        var (sum, number, start) = (UInt64(0), first.rawValue, 0)
        while content.byteCount - start >= size {
            sum ^= part(PageNumber(number), content.extracting(start..<start + size))
            number &+= 1
            start += size
        }
        guard start < content.byteCount else { return sum }
        var padded = content.bytes(start..<content.byteCount)
        padded.append(zeros: size - padded.count)
        return sum ^ (unsafe part(PageNumber(number), padded.span.bytes))
    }
}

extension [UInt8] {
    /// Writes zeros to `self[start ..< end]`; does nothing if `start` is not below `end`.
    package mutating func clear(from start: Int, to end: Int) {
        guard start < end else { return }
        precondition(start >= 0 && end <= count)
        unsafe withUnsafeMutableBytes { bytes in
            _ = unsafe bytes.baseAddress!.advanced(by: start)
                .initializeMemory(as: UInt8.self, repeating: 0, count: end - start)
        }
    }
}
