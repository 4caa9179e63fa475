import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles
import SystemPackage

/// What the observer hands to the recorder, in order.
enum CaptureStep: Sendable {
    /// A file is protected from now on, or turned out to be of another kind.
    case declare(FileID, name: FilePath, kind: FileKind)
    case changes(Changes)
    /// The comparison of a file is over: an unfinished snapshot ends here.
    case finish(FileID, event: SnapshotEvent, time: Instant, shape: ImageSize, coalesced: Int)
    case beginBase(FileID, ImageSize)
    case baseSlice(FileID, first: PageNumber, bytes: [UInt8])
    case endBase(FileID, event: SnapshotEvent, time: Instant, shape: ImageSize)
    case abandonBase(FileID)
    /// Single commits of the file may have been missed since then. A gap is recorded if a
    /// comparison finds that something did change.
    case gapSuspected(FileID, since: Instant, reason: String)
    /// The comparison found everything in order.
    case gapCleared(FileID)
    /// The mirror may not have these pages as they were written to it.
    case prove(FileID, [PageNumber])
    /// What a file or a directory has besides its content.
    case attributes(AttributesStep)
    /// Everything before is wanted on the disk now.
    case barrier(UInt64)
    /// What is to be said of the newest snapshot at this point, or of others; then as a barrier.
    case annotate([AnnotationRequest], barrier: UInt64)
    /// What comes later goes to another segment; then as a barrier.
    case endSegment(barrier: UInt64)

    /// The file it is about.
    var file: FileID? {
        switch self {
        case .declare(let file, _, _), .finish(let file, _, _, _, _), .beginBase(let file, _),
            .baseSlice(let file, _, _), .endBase(let file, _, _, _), .abandonBase(let file),
            .gapSuspected(let file, _, _), .gapCleared(let file), .prove(let file, _):
            file
        case .changes(let changes): changes.file
        case .attributes(let step): step.file
        case .barrier, .annotate, .endSegment: nil
        }
    }

    /// Memory that it holds, about.
    var byteCount: Int {
        switch self {
        case .changes(let changes): changes.pages.bytes.count + 256
        case .baseSlice(_, _, let bytes): bytes.count + 256
        case .prove(_, let pages): pages.count * 4 + 256
        case .attributes(let step): step.byteCount
        default: 256
        }
    }
}

/// Single commits may have been missed since then, for that reason.
struct Suspicion: Hashable {
    let since: Instant
    let reason: String
}
