package import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
package import RepositoryWriter
import SQLiteFiles
import SystemPackage

/// A root with a history that a test makes up: images are given whole, as files or bytes, and recorded by the
/// real writer.
package final class RecordedRoot {
    package let root: RootDescription
    package let options: RootWriter.Options
    private var writer: RootWriter?

    /// Makes the repository if there is none yet, and adds the root.
    package init(
        in repository: String,
        protecting path: String,
        _ kind: RootKind,
        options: RootWriter.Options = .init()
    ) throws {
        self.options = options
        let repository = try RepositoryDirectory.openOrCreate(at: FilePath(repository))
        root = try repository.addRoot(FilePath(path), kind: kind)
        writer = try RootWriter(root: root, options: options)
    }

    /// Records a whole image as a snapshot and makes it durable.
    ///
    /// - Parameter asBase: it gets a base image of its own.
    @discardableResult
    package func record(
        _ name: String,
        _ kind: FileKind,
        _ image: [UInt8],
        _ event: SnapshotEvent = .scan,
        at time: Instant,
        coalesced: Int = 0,
        asBase: Bool = false
    ) throws -> SequenceNumber {
        let writer = try open()
        let file = writer.declare(name: FilePath(name), kind: kind)
        let pageSize = kind == .database ? Self.pageSize(of: image) : .plain
        guard let shape = ImageSize(pageSize: pageSize, byteCount: UInt64(image.count)) else {
            throw RecordedRootError.tooLarge
        }
        if asBase {
            try writer.beginBase(file, shape: shape)
            try writer.baseChunk(file, firstPage: PageNumber(1), bytes: image)
            let sequence = try writer.endBase(file, event: event, time: time, shape: shape)
            _ = try writer.flush()
            return sequence
        }
        var pages = PageSet(pageSize: pageSize)
        for start in stride(from: 0, to: image.count, by: pageSize.bytes) {
            let end = min(start + pageSize.bytes, image.count)
            unsafe pages.append(
                PageNumber(UInt32(start / pageSize.bytes + 1)),
                image.span.bytes.extracting(start..<end)
            )
        }
        let latest = writer.latestShape(of: file)
        let changes = Changes(
            file: file,
            time: time,
            event: event,
            coalesced: coalesced,
            shape: shape,
            startsFresh: latest?.pageSize != pageSize || event == .deleted,
            pages: pages
        )
        guard let sequence = try writer.stage(changes) else { throw RecordedRootError.nothingChanged }
        _ = try writer.flush()
        return sequence
    }

    /// Records that the file is gone.
    @discardableResult
    package func delete(_ name: String, _ kind: FileKind, at time: Instant) throws -> SequenceNumber {
        try record(name, kind, [], .deleted, at: time)
    }

    package func add(_ annotation: Annotation) throws {
        let writer = try open()
        try writer.stageAnnotation(annotation)
        _ = try writer.flush()
    }

    package func add(_ gap: Gap) throws {
        let writer = try open()
        try writer.stageGap(gap)
        _ = try writer.flush()
    }

    /// Lets the lock go.
    package func close() { writer = nil }

    private func open() throws -> RootWriter {
        if let writer { return writer }
        let opened = try RootWriter(root: root, options: options)
        writer = opened
        return opened
    }

    private static func pageSize(of image: [UInt8]) -> PageSize {
        (try? DatabaseHeader(unsafe image.span.bytes))?.pageSize ?? .plain
    }
}

/// Why a made-up history could not be recorded.
package enum RecordedRootError: Error {
    case tooLarge
    case nothingChanged
}
