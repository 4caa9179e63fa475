import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

extension OpenFile {
    /// Reads single pages; one that the file no longer reaches is left out.
    func read(
        _ numbers: [PageNumber],
        into pages: inout PageSet,
        _ scratch: inout [UInt8]
    ) throws(SystemError) {
        let pageBytes = pages.pageSize.bytes
        for number in numbers {
            let offset = number.byteOffset(pageSize: pages.pageSize)
            let got = try read(into: &scratch, count: pageBytes, at: offset)
            guard got > 0 else { continue }
            unsafe pages.append(number, scratch.span.bytes.extracting(0..<got))
        }
    }

    /// Reads all pages of a small file of that shape.
    func readAll(_ shape: ImageSize, into pages: inout PageSet, _ scratch: inout [UInt8]) throws(SystemError)
    {
        var offset: UInt64 = 0
        while offset < shape.byteCount {
            let count = min(scratch.count, Int(shape.byteCount - offset))
            let got = try read(into: &scratch, count: count, at: offset)
            guard got > 0 else { return }
            let bytes = unsafe scratch.span.bytes.extracting(0..<got)
            var start = 0
            while start < got {
                let end = min(start + shape.pageSize.bytes, got)
                let number = PageNumber(UInt32((offset + UInt64(start)) / UInt64(shape.pageSize.bytes)) + 1)
                pages.append(number, bytes.extracting(start..<end))
                start = end
            }
            offset += UInt64(got)
        }
    }
}
