package import LinuxSystem
import RepositoryFormat
package import SQLiteFiles

extension OpenFile {
    /// Reads `count` bytes at `offset` into `buffer[start...]`. Bytes from `end` on become zeros, and so do
    /// those beyond the file's end.
    package func read(
        into buffer: inout [UInt8],
        from start: Int = 0,
        padded count: Int,
        at offset: UInt64,
        upTo end: UInt64 = .max
    ) throws(SystemError) {
        let valid = offset >= end ? 0 : Int(min(UInt64(count), end - offset))
        let got = valid == 0 ? 0 : try read(into: &buffer, from: start, count: valid, at: offset)
        buffer.clear(from: start + got, to: start + count)
    }

    /// Reads one page into the front of `buffer`. Bytes beyond the file's end become zeros.
    package func readPage(
        _ number: PageNumber,
        _ size: PageSize,
        into buffer: inout [UInt8]
    ) throws(SystemError) {
        if buffer.count < size.bytes { buffer.append(zeros: size.bytes - buffer.count) }
        try read(into: &buffer, padded: size.bytes, at: number.byteOffset(pageSize: size))
    }

    /// Writes pages into a file of zeros: pages that are all zero are skipped. `bytes` begins with a page.
    package func writeSparsely(_ bytes: RawSpan, at offset: UInt64, pageSize: PageSize) throws(SystemError) {
        // Ranges below the file system's block size leave no hole.
        let step = max(pageSize.bytes, 4096)
        var start = 0
        while start < bytes.byteCount {
            var end = start
            while end < bytes.byteCount,
                !bytes.extracting(end..<min(end + step, bytes.byteCount)).isZero
            {
                end = min(end + step, bytes.byteCount)
            }
            if start < end { try write(bytes.extracting(start..<end), at: offset + UInt64(start)) }
            start = end + step
        }
    }
}
