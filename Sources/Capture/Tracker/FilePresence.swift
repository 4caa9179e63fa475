import LinuxSystem
import RepositoryFormat
import SQLiteFiles
import SystemPackage

/// Where a file is, which one has its name, and what stands between it and its capture.
struct FilePresence {
    private(set) var path: FilePath
    var kind: FileKind
    private(set) var identity: FileIdentity?
    /// Since when the name has been missing.
    private var missingSince: MonotonicInstant?
    /// The file has other names, and is watched itself.
    private var watched: FileIdentity?
    var attributes = AttributesWatch()
    var content = SeenContent()
    var obstacles = CaptureObstacles()

    /// A file that is replaced may be missing for a moment; after that its deletion is recorded.
    static let deletionGrace = Duration.milliseconds(50)

    init(_ path: FilePath, _ kind: FileKind) {
        self.path = path
        self.kind = kind
    }

    var logPath: FilePath { path.appending(suffix: Sidecar.writeAheadLog.rawValue) }
    var logIndexPath: FilePath { path.appending(suffix: Sidecar.sharedMemory.rawValue) }

    var isThere: Bool { identity != nil }

    /// The name has been found missing, and no file is known of it, nor watched.
    var isGone: Bool { identity == nil && missingSince != nil && watched == nil }

    mutating func relocate(to place: FilePath) { path = place }

    enum Finding {
        case same
        /// No file was known.
        case first
        /// Another file has the name.
        case replaced
    }

    /// There is a file of that name.
    mutating func found(_ status: FileStatus) -> Finding {
        missingSince = nil
        attributes.changed()
        guard status.identity != identity else { return .same }
        let finding = identity == nil ? Finding.first : .replaced
        identity = status.identity
        attributes.belong(to: status.ownership)
        return finding
    }

    /// Whether a name that is missing has been so for long enough to be deleted.
    mutating func isDeleted(_ now: MonotonicInstant) -> Bool {
        let since = missingSince ?? now
        missingSince = since
        return since.duration(to: now) >= Self.deletionGrace
    }

    /// The deletion was handed over.
    mutating func deleted() {
        identity = nil
        attributes.fileIsGone()
        content.fileIsGone()
    }

    /// What was seen of the file besides its content: owner and mode, and its names. Returns the file if it
    /// is to be watched itself. One with names elsewhere may be written there, of which its directory does
    /// not tell.
    mutating func saw(_ status: FileStatus) -> FileIdentity? {
        attributes.saw(status.ownership)
        guard status.kind == .regular, status.linkCount > 1, watched != status.identity else { return nil }
        watched = status.identity
        return status.identity
    }
}
