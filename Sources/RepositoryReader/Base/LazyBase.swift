import LinuxSystem
import RepositoryFormat
import SQLiteFiles
import Synchronization
import SystemPackage

/// A base whose chunks are decompressed into an image's file only when somebody needs a page of them.
///
/// The file has holes in the place of the other chunks. A chunk never overwrites pages that are newer than
/// the base.
final class LazyBase: Sendable {
    private struct State {
        /// The chunks that are in the file: the first has the number 1.
        var chunks = PageBitmap()
        /// Pages in the file that are newer than the base.
        var newer = PageBitmap()
        /// Bytes beyond are no longer those of the base: the image was once as short as this.
        var validBytes: UInt64
        /// What is wrong with a chunk that was needed.
        var damage: (any Error)?
    }

    private let source: ChunkSource
    private let state: Mutex<State>

    init(_ reader: consuming BaseReader) throws {
        state = Mutex(State(validBytes: reader.shape.byteCount))
        source = try ChunkSource(reader)
    }

    private init(_ source: ChunkSource, _ state: State) {
        self.source = source
        self.state = Mutex(state)
    }

    /// The same base for a file that has nothing yet, and that gets a copy of the newer pages.
    func forCopy() -> (base: LazyBase, newer: PageBitmap) {
        let (newer, validBytes) = state.withLock { ($0.newer, $0.validBytes) }
        return (LazyBase(source, State(validBytes: validBytes)), newer)
    }

    var damage: (any Error)? { state.withLock { $0.damage } }

    var validBytes: UInt64 { state.withLock { $0.validBytes } }

    /// The image becomes as short as this.
    func shorten(to byteCount: UInt64) {
        state.withLock { $0.validBytes = min($0.validBytes, byteCount) }
    }

    /// These pages were written to the file.
    func wrote(_ numbers: [UInt32]) {
        state.withLock { state in
            for number in numbers { state.newer.insert(PageNumber(number)) }
        }
    }

    /// Has these bytes of the base in the file. Damage is kept, and thrown as EIO.
    func fill(_ range: Range<UInt64>, of file: borrowing OpenFile) throws(SystemError) {
        try state.withLock { state throws(SystemError) in
            let end = min(range.upperBound, state.validBytes)
            guard range.lowerBound < end else { return }
            for chunk in range.lowerBound / source.chunkBytes...(end - 1) / source.chunkBytes {
                let number = PageNumber(UInt32(chunk) + 1)
                guard !state.chunks.contains(number) else { continue }
                let opened: (content: [UInt8], offset: UInt64)
                do {
                    opened = try source.chunk(Int(chunk))
                } catch {
                    state.damage = error
                    throw error as? SystemError ?? SystemError(.read, source.path, code: .ioError)
                }
                try write(opened.content, at: opened.offset, state, to: file)
                state.chunks.insert(number)
            }
        }
    }

    /// Writes what of a chunk is still the image's.
    private func write(
        _ content: [UInt8],
        at offset: UInt64,
        _ state: State,
        to file: borrowing OpenFile
    ) throws(SystemError) {
        let size = source.pageSize.bytes
        let end = Int(min(UInt64(content.count), state.validBytes.subtractingSaturated(offset)))
        let first = UInt32(offset / UInt64(size)) + 1
        var start = 0
        while start < end {
            var stop = start
            while stop < end, !state.newer.contains(PageNumber(first + UInt32(stop / size))) { stop += size }
            if stop > start {
                let bytes = unsafe content.span.bytes.extracting(start..<min(stop, end))
                try file.write(bytes, at: offset + UInt64(start))
            }
            start = stop + size
        }
    }
}

/// The chunks of a base, one at a time. An image and its copies share it.
private final class ChunkSource: Sendable {
    private struct Parts: ~Copyable {
        var reader: BaseReader
        var work: ChunkOpening
    }

    let path: FilePath
    let pageSize: PageSize
    let chunkBytes: UInt64
    private let parts: Mutex<Parts>

    init(_ reader: consuming BaseReader) throws {
        path = reader.path
        pageSize = reader.shape.pageSize
        chunkBytes = UInt64(reader.chunkBytes)
        let work = try ChunkOpening()
        parts = Mutex(Parts(reader: reader, work: work))
    }

    /// A chunk's content, and its offset in the image, in bytes. Throws `DamageError`, `SystemError`.
    func chunk(_ number: Int) throws -> (content: [UInt8], offset: UInt64) {
        try parts.withLock { parts in
            try parts.reader.open(number, into: &parts.work)
            return (content: parts.work.content, offset: parts.work.offset)
        }
    }
}
