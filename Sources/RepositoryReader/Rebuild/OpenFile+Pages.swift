package import LinuxSystem
import RepositoryFormat
package import SQLiteFiles

extension OpenFile {
    /// Reads one page into the front of `buffer`. Bytes beyond the file's end become zeros.
    package func readPage(
        _ number: PageNumber,
        _ size: PageSize,
        into buffer: inout [UInt8]
    ) throws(SystemError) {
        if buffer.count < size.bytes { buffer.append(zeros: size.bytes - buffer.count) }
        let got = try read(into: &buffer, count: size.bytes, at: number.byteOffset(pageSize: size))
        buffer.clear(from: got, to: size.bytes)
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
