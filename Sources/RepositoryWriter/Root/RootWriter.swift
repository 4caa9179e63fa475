package import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
package import SQLiteFiles
package import SystemPackage

/// The one writer of a root. Work is staged in memory; `flush` makes it durable. Confined to one thread.
///
/// Its parts, each with its own state:
/// 1. `PageStaging` compares pages, and stages them as `StagedRecords`.
/// 2. `StreamWriter` makes those durable in the `OpenSegment`.
/// 3. `FileImages` and `MirrorFiles` have the latest content of the files, `BaseMirror` that of open bases.
/// 4. `DeclaredFiles` and `KnownAttributes` have what the stream says of files.
package final class RootWriter {
    package struct Options: Sendable {
        /// A segment of this length, in bytes, is followed by a new one and can be compacted. It is long
        /// enough for good compression, and short enough that little data is ever uncompacted.
        var segmentLimit: UInt64 = 2 << 20
        /// The program that writes, as text for the session record.
        var program = "holdfast \(ProgramVersion.number)"

        package init() {}
    }

    package let root: RootDescription
    let options: Options
    /// Notes for the log: results of opening, and mirrors that could not be written.
    package internal(set) var notes: [Finding] = []
    /// Every file that was ever declared, by number; `last` is its last staged snapshot.
    package var files: [FileID: ProtectedFile] { declared.files }
    var declared = DeclaredFiles()
    /// The last staged snapshot; durable after the next `flush`.
    package var lastSequence: SequenceNumber { staged.lastSequence }
    /// The last durable snapshot.
    package var lastDurableSequence: SequenceNumber { stream.lastDurable }
    /// The time of the last staged record, by the clock.
    package var lastTime: Instant { staged.lastTime }

    /// The attributes of files and directories, staged or durable.
    package internal(set) var attributes = KnownAttributes()

    /// Held as long as the writer exists.
    let lock: WriterLock
    var images: FileImages
    /// Why the last flush could not write all mirrors.
    package internal(set) var mirrorTrouble: SystemError?
    let mirrors: MirrorFiles
    package var hashes: PageHashes { mirrors.hashes }
    var baseMirror: BaseMirror

    var staged = StagedRecords(after: .none, Instant(nanoseconds: 0))
    var stream: StreamWriter
    var pageStaging = PageStaging()

    /// Takes the lock and restores everything to the last durable snapshot. Throws `RepositoryError.locked`,
    /// `.unsupported`, or `SystemError`.
    package convenience init(root: RootDescription, options: Options = Options()) throws {
        try self.init(root: root, options: options, holding: root.takeWriterLock())
    }

    /// The same for a caller that has the lock already.
    init(root: RootDescription, options: Options = Options(), holding lock: consuming WriterLock) throws {
        self.root = root
        self.options = options
        mirrors = MirrorFiles(root)
        images = FileImages(mirrors)
        baseMirror = BaseMirror(mirrors)
        stream = try StreamWriter(root, options)
        self.lock = lock
        try open()
    }

    /// The number of the file with that name, declared with the next flush if it is new or of another kind.
    package func declare(name: FilePath, kind: FileKind) -> FileID {
        switch declared.declare(name, kind) {
        case .known(let file): return file
        case .changed(let file):
            staged.append(.file(file, kind, name))
            return file
        case .new(let file):
            _ = images.add(file)
            staged.append(.file(file, kind, name))
            return file
        }
    }

    /// The first sequence of the segment that was written last; nil before the first flush.
    package var lastSegment: SequenceNumber? { stream.segment.firstSequence }

    /// The durable length of that segment, in bytes.
    package var segmentBytes: UInt64 { stream.segment.validBytes }

    /// Bytes of memory that the next flush will free.
    package var stagedBytes: Int { staged.pageBytes }

    /// Whether there is anything to flush.
    package var hasStaged: Bool { !staged.records.isEmpty }

    /// Whether an unfinished snapshot or a base image of the file is open.
    package func isUnfinished(_ file: FileID) -> Bool {
        guard let image = images[file] else { return false }
        return image.unfinished != nil || image.base != nil
    }

    /// Whether the file's mirror cannot be used before `abandonBase` has rebuilt it.
    package func hasLostMirror(_ file: FileID) -> Bool { images[file]?.hasLostMirror ?? false }

    /// Whether the file's base image must be abandoned: it failed, its mirror is lost, or the mirror could
    /// not be rebuilt yet.
    package func hasFailedBase(_ file: FileID) -> Bool {
        guard let image = images[file] else { return false }
        return image.hasLostMirror || image.base?.hasFailed ?? image.needsRestoring
    }

    /// The size of the latest content, staged or durable, including unfinished parts; nil before the first.
    package func latestShape(of file: FileID) -> ImageSize? { (try? image(file))?.shape }

    /// Reads a page of the latest content, staged or durable, into the front of `buffer`, which must hold a
    /// page; zeros beyond the image.
    func readPage(_ number: PageNumber, of file: FileID, into buffer: inout [UInt8]) throws {
        let image = try image(file)
        guard let shape = image.shape, number.rawValue > 0 else {
            return buffer.clear(from: 0, to: buffer.count)
        }
        let size = shape.pageSize.bytes
        guard number.rawValue <= shape.pageCount.rawValue else { return buffer.clear(from: 0, to: size) }
        try image.read(number.rawValue, size, into: &buffer, from: 0, mirror: try mirrors.open(image))
    }

    /// Reads these pages of the latest content. Throws as `stage` does when the mirror differs from what was
    /// written to it.
    package func prove(_ pages: [PageNumber], of file: FileID) throws {
        // Reopens the mirror, to read the file that now has its name.
        mirrors.close(file)
        var buffer = [UInt8](repeating: 0, count: latestShape(of: file)?.pageSize.bytes ?? 0)
        for page in pages { try readPage(page, of: file, into: &buffer) }
    }

    func image(_ file: FileID) throws(RepositoryError) -> FileImage {
        if let image = images[file] { return image }
        guard let known = files[file] else { throw .noSuchFile(file) }
        return images.recall(known)
    }
}
