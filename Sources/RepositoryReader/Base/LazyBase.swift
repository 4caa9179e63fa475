import LinuxSystem
import RepositoryFormat
import SQLiteFiles
import SystemPackage

/// A base whose chunks are decompressed into an image's file only when somebody needs a page of them.
///
/// The file has holes in the place of the other chunks. A chunk never overwrites pages that are newer than
/// the base.
final class LazyBase {
    private var reader: BaseReader
    private var work: ChunkOpening
    /// The chunks that are in the file: the first has the number 1.
    private var chunks = PageBitmap()
    /// Pages in the file that are newer than the base.
    private var newer = PageBitmap()
    /// Bytes beyond are no longer those of the base: the image was once as short as this.
    private var validBytes: UInt64
    /// What is wrong with a chunk that was needed.
    private(set) var damage: (any Error)?

    init(_ reader: consuming BaseReader) throws {
        validBytes = reader.shape.byteCount
        self.reader = reader
        work = try ChunkOpening()
    }

    /// The image becomes as short as this.
    func shorten(to byteCount: UInt64) { validBytes = min(validBytes, byteCount) }

    /// These pages were written to the file.
    func wrote(_ numbers: borrowing [UInt32]) {
        for index in numbers.indices { newer.insert(PageNumber(numbers[index])) }
    }

    /// Has these bytes of the base in the file. Damage is kept, and thrown as EIO.
    func fill(_ range: Range<UInt64>, of file: borrowing OpenFile) throws(SystemError) {
        let end = min(range.upperBound, validBytes)
        guard range.lowerBound < end else { return }
        let chunkBytes = UInt64(reader.chunkBytes)
        for chunk in range.lowerBound / chunkBytes...(end - 1) / chunkBytes {
            let number = PageNumber(UInt32(chunk) + 1)
            guard !chunks.contains(number) else { continue }
            do {
                try reader.open(Int(chunk), into: &work)
            } catch {
                damage = error
                throw error as? SystemError ?? SystemError(.read, reader.path, code: .ioError)
            }
            try write(to: file)
            chunks.insert(number)
        }
    }

    /// Writes what of the chunk is still the image's.
    private func write(to file: borrowing OpenFile) throws(SystemError) {
        let size = reader.shape.pageSize.bytes
        let content = work.content
        let end = Int(min(UInt64(content.count), validBytes.subtractingSaturated(work.offset)))
        let first = UInt32(work.offset / UInt64(size)) + 1
        var start = 0
        while start < end {
            var stop = start
            while stop < end, !newer.contains(PageNumber(first + UInt32(stop / size))) { stop += size }
            if stop > start {
                let bytes = unsafe content.span.bytes.extracting(start..<min(stop, end))
                try file.write(bytes, at: work.offset + UInt64(start))
            }
            start = stop + size
        }
    }
}
