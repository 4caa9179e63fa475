import LinuxFiles
import SQLiteFiles

extension ImageApplier {
    /// So much is written before the disk is told to begin, in bytes.
    private static let writebackBytes: UInt64 = 8 << 20

    /// Replaces the image by the content of a base, or by those pages of it that are wanted. Pages that are all zero
    /// become holes. Which pages were not wanted is not known to the digest, which is then that of the reference.
    mutating func apply(
        base: consuming BaseReader,
        _ reference: BaseReference,
        to file: borrowing OpenFile
    ) throws {
        let shape = reference.shape
        overlay.reset(shape.pageSize, isEmpty: false)
        uncounted.removeAll()
        self.shape = shape
        digest = reference.digest
        countedPages = shape.pageCount.rawValue
        if wanted != nil { return try applyWanted(base: base, to: file) }
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
    }

    private func applyWanted(base: consuming BaseReader, to file: borrowing OpenFile) throws {
        let size = shape!.pageSize.bytes
        try file.truncate(to: 0)
        try file.truncate(to: shape!.byteCount)
        try base.forEachSlice(holding: wanted!) { content, offset in
            var start = 0
            while start < content.byteCount {
                let end = min(start + size, content.byteCount)
                let number = PageNumber(UInt32((offset + UInt64(start)) / UInt64(size)) + 1)
                if wanted!.contains(number) {
                    try file.write(content.extracting(start..<end), at: offset + UInt64(start))
                }
                start = end
            }
        }
    }
}
