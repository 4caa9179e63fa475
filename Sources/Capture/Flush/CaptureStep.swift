import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles
import SystemPackage

/// A step from the observer to the recorder; steps are in order.
enum CaptureStep: Sendable {
    /// A file is protected from now on, or has another kind.
    case declare(FileID, name: FilePath, kind: FileKind)
    case changes(Changes)
    /// The comparison of a file is over: an unfinished snapshot ends here.
    case finish(FileID, event: SnapshotEvent, time: Instant, shape: ImageSize, coalesced: Int)
    case beginBase(FileID, ImageSize)
    case baseChunk(FileID, first: PageNumber, bytes: [UInt8])
    case endBase(FileID, event: SnapshotEvent, time: Instant, shape: ImageSize)
    case abandonBase(FileID)
    /// Single commits of the file may have been missed since then. A gap is recorded if a
    /// comparison finds that something did change.
    case gapSuspected(FileID, since: Instant, reason: String)
    /// The comparison found no difference.
    case gapCleared(FileID)
    /// The mirror's content of these pages may differ from what was written.
    case prove(FileID, [PageNumber])
    /// The attributes of a file. `isWithContent`: they were read together with the content passed last.
    case attributes(FileID, FileAttributes, isWithContent: Bool, time: Instant)
    /// The attributes of a directory; nil: it was removed.
    case directory(FilePath, FileAttributes?, time: Instant)
    /// All earlier steps must be durable now.
    case barrier(UInt64)
    /// Annotations of the newest snapshot at this point, or of others; then as a barrier.
    case annotate([AnnotationRequest], barrier: UInt64)
    /// Later records go to another segment; then as a barrier.
    case endSegment(barrier: UInt64)

    /// The file it is about.
    var file: FileID? {
        switch self {
        case .declare(let file, _, _), .finish(let file, _, _, _, _), .beginBase(let file, _),
            .baseChunk(let file, _, _), .endBase(let file, _, _, _), .abandonBase(let file),
            .gapSuspected(let file, _, _), .gapCleared(let file), .prove(let file, _),
            .attributes(let file, _, _, _):
            file
        case .changes(let changes): changes.file
        case .directory, .barrier, .annotate, .endSegment: nil
        }
    }

    /// Its approximate memory, in bytes.
    var byteCount: Int {
        switch self {
        case .changes(let changes): changes.pages.bytes.count + 256
        case .baseChunk(_, _, let bytes): bytes.count + 256
        case .prove(_, let pages): pages.count * 4 + 256
        case .attributes(_, let attributes, _, _), .directory(_, let attributes?, _):
            attributes.extended.reduce(256) { $0 + $1.value.count }
        default: 256
        }
    }
}

/// Single commits may have been missed since then, for that reason.
struct Suspicion: Hashable {
    let since: Instant
    let reason: String
}
