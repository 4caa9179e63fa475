package import LinuxSystem
package import RepositoryFormat
package import SystemPackage

/// What became of one file of a restore in place.
package struct InPlaceOutcome: Sendable {
    package enum Way: String, Sendable {
        /// It was that already.
        case unchanged
        /// Its content was replaced in one transaction.
        case transaction
        /// Another file has its name now.
        case rename
        /// There was no such file then.
        case aside
    }

    package let item: InPlacePlan.Item
    /// The snapshot that it was brought back to; nil if there was no such file.
    package let state: SnapshotState?
    package internal(set) var way: Way
    /// The root's snapshot as of which it was as before.
    package internal(set) var before: SequenceNumber
    /// What was put aside.
    package internal(set) var aside: [FilePath] = []
    /// What of its attributes could not be given back, should it have been gone.
    package internal(set) var shortfalls: [AttributesShortfall] = []
    /// Programs that have it open for writing: they go on with what was brought back, unless another file has
    /// its name.
    package internal(set) var holders: [ProcessTable.Holder] = []
    /// From before the restore to what was brought back.
    package internal(set) var changes = DatabaseDiff()
    /// Of a rehearsal: it is a database now, and was none that can be read then.
    package internal(set) var becomesUnreadable = false
    /// nil unless it is a database.
    package internal(set) var check: Check?

    /// What SQLite says of the database afterwards.
    package struct Check: Sendable {
        package let integrity: Integrity
        package let violations: [ForeignKeyViolation]
        /// Of the database as it was before; nil when that cannot be read.
        package let schemaBefore: SchemaVersion?
        package let schemaAfter: SchemaVersion?
    }
}
