import LinuxSystem
import RepositoryFormat

/// Which files may have missed single commits. That is a gap as soon as a snapshot shows that the file did
/// change.
struct GapLedger {
    private var suspicions: [FileID: Suspicion] = [:]
    private var recorded: Set<Suspicion> = []

    /// Commits of the file may have been missed. An earlier suspicion stays.
    mutating func suspected(_ file: FileID, _ suspicion: Suspicion) {
        if suspicions[file] == nil { suspicions[file] = suspicion }
    }

    /// A comparison found that nothing was missed.
    mutating func cleared(_ file: FileID) { suspicions[file] = nil }

    /// The file has a new snapshot. Returns the gap to record; nil if nothing was suspected, or if a gap with
    /// the same start and reason is recorded already: files share it.
    mutating func changed(_ file: FileID, at now: Instant) -> Gap? {
        guard let suspicion = suspicions.removeValue(forKey: file), recorded.insert(suspicion).inserted
        else { return nil }
        return Gap(from: suspicion.since, to: now, reason: suspicion.reason)
    }
}
