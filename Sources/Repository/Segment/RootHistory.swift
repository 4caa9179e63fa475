package import LinuxFiles
package import SystemPackage

/// A snapshot as the history lists it.
package struct SnapshotRecord: Hashable, Sendable {
    package let file: FileID
    package let state: SnapshotState
    /// Pages that it changed, unfinished parts and a base image included.
    package let pageCount: UInt64
    /// Transactions in it where that is known and not one; else 0.
    package let coalesced: UInt64
    /// Its share of the segments; the shares of a root add up to what its segments hold.
    package let storedBytes: UInt64
    package let location: RecordLocation
}

/// Where a record lies.
package struct RecordLocation: Hashable, Sendable {
    /// The segment, by its first sequence.
    package let segment: Sequence
    /// In bytes from the segment's start.
    package let offset: UInt64
}

/// What a walk over the history meets, in the order of the stream.
package enum HistoryEvent: Sendable {
    case session(program: String, time: Instant)
    /// A declaration; later ones of the same number replace it.
    case file(FileID, name: FilePath, kind: FileKind)
    case snapshot(SnapshotRecord)
    case gap(Gap, time: Instant)
    case annotation(Annotation)
    case finding(Finding)
}

/// Reads what happened to a root. Works beside a writer; opens its own files and reads no page data.
package struct RootHistory: Sendable {
    package let root: RootDescription

    package init(_ root: RootDescription) { self.root = root }

    /// Walks over all records, oldest first. Everything that `body` sees is durable: what another process has
    /// written but not yet synchronised is synchronised first.
    /// Throws what `body` throws, `RepositoryError.unsupported`, or `SystemError`; damage is an event.
    package func visit(_ body: (HistoryEvent) throws -> Void) throws { fatalError() }

    /// Every declared file with its last finished snapshot, by number.
    package func files() throws -> [FileID: ProtectedFile] { fatalError() }

    /// What the root's segments hold, in bytes.
    package func segmentBytes() throws -> UInt64 { fatalError() }
}
