package import LinuxSystem
package import RepositoryFormat
package import SystemPackage

/// The result of a restore in place for one file.
package struct InPlaceOutcome: Sendable {
    package enum Strategy: String, Sendable {
        /// It had that content already.
        case unchanged
        /// Its content was replaced in one transaction.
        case transaction
        /// Another file has its name now.
        case rename
        /// There was no such file then: it was renamed.
        case movedAway = "aside"
    }

    package let item: InPlacePlan.Item
    /// The snapshot that was restored; nil if there was no such file.
    package let state: SnapshotState?
    package internal(set) var strategy: Strategy
    /// The root's snapshot with its state before.
    package internal(set) var before: SequenceNumber
    /// The new names of the previous file and its sidecars.
    package internal(set) var quarantined: [FilePath] = []
    /// Attributes that could not be restored, if the file was missing.
    package internal(set) var shortfalls: [AttributesShortfall] = []
    /// Programs that have it open for writing. They continue with the restored content, unless another file
    /// has its name.
    package internal(set) var holders: [ProcessTable.Holder] = []
    /// The changes from the state before to the restored one.
    package internal(set) var changes = DatabaseDiff()
    /// In a dry run: it is a database now, and becomes one that cannot be read.
    package internal(set) var becomesUnreadable = false
    /// nil unless it is a database.
    package internal(set) var check: Check?

    /// SQLite's check of the database afterwards.
    package struct Check: Sendable {
        package let integrity: Integrity
        package let violations: [ForeignKeyViolation]
        /// The schema version before; nil when that cannot be read.
        package let schemaBefore: SchemaVersion?
        package let schemaAfter: SchemaVersion?
    }
}
