package import LinuxSystem
package import RepositoryFormat
package import SQLiteFiles

extension ImageApplier {
    /// The number of bytes after which writeback to the disk is started.
    private static let writebackBytes: UInt64 = 8 << 20

    /// Replaces the image by the content of a base, or by the wanted pages of it. Pages that are all zero
    /// become holes. Pages that are not wanted are not in the file, so the digest is that of the reference.
    package mutating func apply(
        base reader: consuming BaseReader,
        _ sequence: SequenceNumber,
        _ reference: BaseReference,
        to file: borrowing OpenFile,
        progress: WorkProgress? = nil
    ) throws {
        let shape = reference.shape
        try begin(with: sequence, reference, file)
        if let wanted { return try reader.copy(wanted, to: file, upTo: shape.byteCount) }
        var writebackFrom: UInt64 = 0
        try reader.forEachChunk(progress: progress) { content, offset in
            try file.writeSparsely(content, at: offset, pageSize: shape.pageSize)
            let end = offset + UInt64(content.byteCount)
            guard end - writebackFrom >= Self.writebackBytes else { return }
            file.beginWriteback(writebackFrom..<end)
            writebackFrom = end
        }
        guard reader.digest == reference.digest else {
            throw DamageError(reader.path, at: 0, "the image in it does not have its digest")
        }
    }

    /// The same, but chunks of the base are read only when something of them is needed. That they have the
    /// digest of the reference is not proven.
    mutating func apply(
        lazily reader: consuming BaseReader,
        _ sequence: SequenceNumber,
        _ reference: BaseReference,
        to file: borrowing OpenFile
    ) throws {
        try begin(with: sequence, reference, file)
        overlay.reset(reference.shape.pageSize, isEmpty: false, base: try LazyBase(reader))
    }

    /// The image is the base; the file gets its length.
    private mutating func begin(
        with sequence: SequenceNumber,
        _ reference: BaseReference,
        _ file: borrowing OpenFile
    ) throws(SystemError) {
        let shape = reference.shape
        overlay.reset(shape.pageSize, isEmpty: false)
        uncounted.removeAll()
        self.shape = shape
        digest = reference.digest
        countedPages = shape.pageCount.rawValue
        base = (sequence, reference)
        shortestBytes = shape.byteCount
        try file.truncate(to: 0)
        try file.truncate(to: shape.byteCount)
    }
}

extension BaseReader {
    /// Writes the wanted pages that begin before `end` to their places in `file`, up to `end`.
    package mutating func copy(_ pages: PageBitmap, to file: borrowing OpenFile, upTo end: UInt64) throws {
        let size = shape.pageSize.bytes
        try forEachChunk(holding: pages) { content, offset in
            for start in stride(from: 0, to: content.byteCount, by: size) {
                let place = offset + UInt64(start)
                guard place < end, pages.contains(PageNumber(UInt32(place / UInt64(size)) + 1)) else {
                    continue
                }
                let count = min(size, content.byteCount - start, Int(min(end - place, UInt64(size))))
                try file.write(content.extracting(start..<start + count), at: place)
            }
        }
    }
}
