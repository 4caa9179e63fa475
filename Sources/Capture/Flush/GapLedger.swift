import LinuxSystem
import RepositoryFormat

/// Files that may have missed single commits. A gap is recorded as soon as a snapshot shows that the file did
/// change.
struct GapLedger {
    private var suspicions: [FileID: Suspicion] = [:]
    private var recorded: Set<Suspicion> = []

    /// Commits of the file may have been missed. An earlier reason is kept.
    mutating func suspected(_ file: FileID, _ suspicion: Suspicion) {
        if suspicions[file] == nil { suspicions[file] = suspicion }
    }

    /// A comparison found that nothing was missed.
    mutating func cleared(_ file: FileID) { suspicions[file] = nil }

    /// The file has a new snapshot. Returns the gap to record. Returns nil if no gap is suspected, or if one
    /// with the same start and reason is recorded already: files share it.
    mutating func changed(_ file: FileID, at now: Instant) -> Gap? {
        guard let suspicion = suspicions.removeValue(forKey: file), recorded.insert(suspicion).inserted
        else { return nil }
        return Gap(from: suspicion.since, to: now, reason: suspicion.reason)
    }
}
