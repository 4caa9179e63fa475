import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles
import SystemPackage

/// What the trackers of a root share; only its observer uses them.
final class CaptureContext {
    let queue: CaptureQueue
    let meter: StatusMeter
    /// Where the repository keeps the mirrors.
    let mirrorDirectory: FilePath
    /// Of what the mirrors should have.
    let hashes: PageHashes
    /// For one read at a time; nobody keeps anything in it.
    var scratch = [UInt8](untouched: 1 << 20)
    /// For the file's side of a comparison.
    var chunkScratch = [UInt8](untouched: 1 << 20)
    /// For the mirror's side of a comparison.
    var mirrorScratch = [UInt8](untouched: 1 << 20)
    /// Directories, relative to the root, whose events do not tell all that happens in them.
    var polled: Set<FilePath> = []
    /// Comparisons that go on because something is not certain.
    var scanSlots: ConcurrencyLimiter<Tracker>
    /// Comparisons only to make sure.
    var auditSlots = ConcurrencyLimiter<Tracker>(limit: 2)
    /// Write-ahead logs that are open.
    var openLogs = 0
    let budget: OpenFileBudget
    let links: LinkSurvey

    init(
        queue: CaptureQueue,
        meter: StatusMeter,
        mirrorDirectory: FilePath,
        hashes: PageHashes,
        budget: OpenFileBudget,
        links: LinkSurvey
    ) {
        self.budget = budget
        scanSlots = ConcurrencyLimiter(limit: budget.scans)
        self.queue = queue
        self.meter = meter
        self.links = links
        self.mirrorDirectory = mirrorDirectory
        self.hashes = hashes
    }

    /// Whether the file of that name may change without an event.
    func isPolled(_ name: FilePath) -> Bool {
        !polled.isEmpty && polled.contains(name.removingLastComponent())
    }

    /// The file's mirror; nil while there is none.
    func openMirror(_ file: FileID) -> OpenFile? {
        // A link in its place leads to no mirror.
        guard let mirror = try? OpenFile(mirrorDirectory.appending(file.description), .update),
            (try? mirror.status().kind) == .regular
        else { return nil }
        return mirror
    }
}
