import RepositoryFormat
import RepositoryWriter

/// The base images that are being written, and those that failed.
struct BaseProgress {
    private var open: Set<FileID> = []
    /// Files with a failed base image. Steps that the observer sends before it learns of the failure are
    /// void.
    private var voided: Set<FileID> = []
    /// Base images that failed and did not succeed since, with the reason.
    private var missing: [FileID: String] = [:]
    /// Mirrors that cannot be rebuilt, with the reason.
    private var lostMirrors: [FileID: String] = [:]

    /// Whether any base image is being written. It needs the memory that compaction would need.
    var isAnyOpen: Bool { !open.isEmpty }

    /// Why the repository is incomplete; nil when it is complete.
    var trouble: String? { missing.values.first ?? lostMirrors.values.first }

    mutating func began(_ file: FileID) { open.insert(file) }

    mutating func ended(_ file: FileID) {
        missing[file] = nil
        open.remove(file)
    }

    mutating func abandoned(_ file: FileID) { open.remove(file) }

    /// The repository could not store the base image.
    mutating func failed(_ file: FileID, _ reason: String) { missing[file] = reason }

    /// Steps of the file are void until it is begun anew.
    mutating func voided(_ file: FileID) {
        voided.insert(file)
        open.remove(file)
    }

    mutating func rebuiltMirror(_ file: FileID) { lostMirrors[file] = nil }

    mutating func lostMirror(_ file: FileID, _ reason: String) { lostMirrors[file] = reason }

    func hasLostMirror(_ file: FileID) -> Bool { lostMirrors[file] != nil }

    /// Whether the step is void. A step that begins the file anew is not, nor is any step after it.
    mutating func isVoid(_ step: CaptureStep) -> Bool {
        guard let file = step.file, voided.contains(file) else { return false }
        switch step {
        case .declare, .gapSuspected, .gapCleared, .prove, .attributes: return false
        case .changes(let changes) where changes.event == .deleted: missing[file] = nil
        case .abandonBase, .beginBase: break
        case .changes, .finish, .baseChunk, .endBase: return true
        case .directory, .barrier, .annotate, .endSegment: return false
        }
        voided.remove(file)
        return false
    }
}
