package import LinuxFiles

/// Rebuilds images from the stream: the last base image or fresh start, and every record after it.
package struct ImageRebuilder {
    package let root: RootDescription

    package init(_ root: RootDescription) { self.root = root }

    /// Writes the image of `file` as it was at its newest snapshot not later than `sequence` to `output`, which
    /// must be empty, and checks it against its digest. Memory is bounded by one record.
    /// Returns the snapshot. Throws `DamageError`, `RepositoryError.noSnapshot`, `SystemError`.
    package func rebuild(
        _ file: FileID,
        at sequence: Sequence,
        into output: borrowing OpenFile
    ) throws -> SnapshotState {
        fatalError()
    }
}
