package import LinuxFiles
package import SQLiteFiles
package import SystemPackage

/// The one writer of a root. Work is staged in memory; `flush` makes it durable. Confined to one thread.
package final class RootWriter {
    package let root: RootDescription
    /// What opening found and did: unfinished writes set aside, damage, mirrors rebuilt. For the log.
    package private(set) var notes: [Finding] = []
    /// Every file that was ever declared, by number.
    package private(set) var files: [FileID: ProtectedFile] = [:]
    /// The last staged snapshot; durable after the next `flush`.
    package private(set) var lastSequence: Sequence = .none
    /// The last durable snapshot.
    package private(set) var lastDurableSequence: Sequence = .none
    package private(set) var lastTime = Instant(nanoseconds: 0)

    package struct Options: Sendable {
        /// A segment that has reached this length is followed by a new one, in bytes.
        package var segmentLimit: UInt64 = 64 << 20
        /// The program that writes, as text for the session record.
        package var program: String = "holdfast"

        package init() {}
    }

    /// Takes the lock and brings everything to the last durable snapshot.
    /// Throws `RepositoryError.locked`, `.unsupported`, or `SystemError`.
    package init(root: RootDescription, options: Options = Options()) throws { fatalError() }

    /// The file with that name, or nil.
    package func file(named name: FilePath) -> ProtectedFile? { fatalError() }

    /// The number of the file with that name, declared with the next flush if it is new or of another kind.
    package func declare(name: FilePath, kind: FileKind) -> FileID { fatalError() }

    /// Bytes of memory that the next flush will free.
    package var stagedBytes: Int { fatalError() }
    /// Whether there is anything to flush.
    package var hasStaged: Bool { fatalError() }

    /// Compares every page with the latest content and keeps what differs. Returns the sequence of the new
    /// snapshot; nil when nothing changed, when the changes are not final, or when they only add to an
    /// unfinished snapshot or a base image.
    package func stage(_ changes: Changes) throws -> Sequence? { fatalError() }

    /// Ends the file's unfinished snapshot; with none open and another shape, makes a snapshot of that. Else nil.
    package func finish(
        _ file: FileID,
        event: SnapshotEvent,
        time: Instant,
        shape: ImageShape,
        coalesced: Int = 0
    ) throws -> Sequence? { fatalError() }

    /// Whether an unfinished snapshot or a base image of the file is open.
    package func isUnfinished(_ file: FileID) -> Bool { fatalError() }

    package func stageGap(_ gap: Gap) throws { fatalError() }
    package func stageAnnotation(_ annotation: Annotation) throws { fatalError() }

    /// Makes everything staged durable and returns the last durable sequence. After an error everything is
    /// still staged, and it can be tried again.
    package func flush() throws -> Sequence { fatalError() }

    /// The file's latest durable image, opened for reading. Do not keep it across a flush.
    package func openMirror(of file: FileID) throws -> OpenFile { fatalError() }

    /// Reads a page of the latest content, staged or durable, into the front of `buffer`, which must hold a
    /// page; zeros beyond the image.
    package func readPage(_ number: PageNumber, of file: FileID, into buffer: inout [UInt8]) throws {
        fatalError()
    }

    /// The outline of the latest content, staged or durable, unfinished parts included; nil before the first.
    package func latestShape(of file: FileID) -> ImageShape? { fatalError() }

    /// Begins a base image. While it is open, `stage` for this file only writes to the mirror.
    package func beginBase(_ file: FileID, shape: ImageShape) throws { fatalError() }

    /// The next pages of the image: whole pages apart from the image's last, beginning where the slice before
    /// ended. Pages that were staged since `beginBase` are newer and win.
    package func baseSlice(_ file: FileID, firstPage: PageNumber, bytes: [UInt8]) throws { fatalError() }

    /// Names the base image and stages the snapshot that stands on it. May flush.
    package func endBase(
        _ file: FileID,
        event: SnapshotEvent,
        time: Instant,
        shape: ImageShape
    ) throws -> Sequence { fatalError() }

    /// Drops the open base image and returns to the last snapshot. May flush.
    package func abandonBase(_ file: FileID) throws { fatalError() }
}
