import LinuxFiles
import SQLiteFiles

extension ImageApplier {
    /// So much is written before the disk is told to begin, in bytes.
    private static let writebackBytes: UInt64 = 8 << 20

    /// Replaces the image by the content of a base. Pages that are all zero become holes. Returns the bytes read.
    mutating func apply(
        base: consuming BaseReader,
        _ reference: BaseReference,
        to file: borrowing OpenFile
    ) throws -> UInt64 {
        let shape = reference.shape
        try file.truncate(to: 0)
        try file.truncate(to: shape.byteCount)
        var writebackFrom: UInt64 = 0
        try base.forEachSlice { content, offset in
            try file.writeSparsely(content, at: offset, pageSize: shape.pageSize)
            let end = offset + UInt64(content.byteCount)
            guard end - writebackFrom >= Self.writebackBytes else { return }
            file.beginWriteback(writebackFrom..<end)
            writebackFrom = end
        }
        guard base.digest == reference.digest else {
            throw DamageError(base.path, at: 0, "the image in it does not have its digest")
        }
        self.shape = shape
        digest = base.digest
        countedPages = shape.pageCount.rawValue
        uncounted.removeAll()
        return base.fileBytes
    }
}
