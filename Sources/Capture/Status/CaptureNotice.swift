package import RepositoryReader
package import RepositoryWriter
package import SystemPackage

/// What whoever runs the watcher should read in its log.
package enum CaptureNotice: Sendable, Hashable {
    /// Opening the repository found this.
    case finding(Finding)
    /// Something hinders the protection; nil: no longer.
    case trouble(String?)
    /// These are left out.
    case leftOut(LeftOut)
    /// Commits of this file may go by unseen.
    case hindered(String)
    /// This file alone is captured anew after an error of the program itself.
    case quarantined(String, reason: String)
    /// Single commits may have been missed.
    case gap(String)
    /// Retention has removed snapshots.
    case removed(RootPruning.Outcome)
    /// This database is not there any more.
    case databaseDeleted(FilePath)
    /// The root is new, and its repository is on the same disk.
    case sharesDisk
    /// An audit found a difference in this file.
    case auditDifference(String)
}
