import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage

extension CompactionImages {
    /// Makes a base file of a file's whole image: pages of its base that no record names, and all others.
    ///
    /// The image must have begun with a base. Throws `DamageError` when that cannot be read, or
    /// `SystemError`.
    func makeBase(of id: FileID, named sequence: SequenceNumber) throws -> BaseReference {
        guard let image = images[id], let shape = image.applier.shape,
            let (name, reference) = image.applier.base
        else { throw RepositoryError.noSuchFile(id) }
        var writer = try BaseWriter(root: root, file: id, pageSize: shape.pageSize, purpose: "thinned")
        do {
            let formerEnd = min(image.applier.shortestBytes, shape.byteCount)
            var former = try BaseReader(
                root.basePath(name, id),
                root: root.id,
                file: id,
                reference: reference
            )
            var chunk: [UInt8] = []
            try former.forEachChunk { content, offset in
                guard offset < formerEnd else { return }
                let count = min(content.byteCount, Int(min(formerEnd - offset, UInt64(content.byteCount))))
                chunk.removeAll(keepingCapacity: true)
                chunk.append(contentsOf: content.extracting(0..<count))
                try append(&chunk, of: id, shape, to: &writer)
            }
            while writer.byteCount < shape.byteCount {
                chunk.removeAll(keepingCapacity: true)
                try append(&chunk, of: id, shape, to: &writer)
            }
            return try writer.finish(as: root.basePath(sequence, id))
        } catch {
            writer.abandon()
            throw error
        }
    }

    /// Appends the next chunk of the image. `chunk`: the part of it that the previous base has.
    private func append(
        _ chunk: inout [UInt8],
        of id: FileID,
        _ shape: ImageSize,
        to writer: inout BaseWriter
    ) throws {
        let start = writer.byteCount
        let count = Int(min(UInt64(BaseHeader.chunkBytes), shape.byteCount - start))
        if chunk.count < count { chunk.append(zeros: count - chunk.count) }
        let size = shape.pageSize.bytes
        let first = PageNumber(UInt32(start / UInt64(size) + 1))
        var next = first
        while let page = images[id]!.pages.first(from: next),
            page.byteOffset(pageSize: shape.pageSize) < start + UInt64(count)
        {
            try read(page.rawValue, of: id, into: &pageBuffer)
            let place = Int(page.byteOffset(pageSize: shape.pageSize) - start)
            let content = unsafe pageBuffer.span.bytes.extracting(0..<min(size, count - place))
            chunk.put(content, at: place)
            next = PageNumber(page.rawValue &+ 1)
        }
        let parts = unsafe ImageDigest.parts(first, chunk.span.bytes, shape.pageSize)
        try writer.append(unsafe chunk.span.bytes, parts: parts)
    }
}
