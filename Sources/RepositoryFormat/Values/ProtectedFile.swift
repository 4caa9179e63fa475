package import LinuxSystem
package import SystemPackage

/// A file under a root that the repository knows, and its state at its last snapshot.
package struct ProtectedFile: Sendable, Hashable {
    package let id: FileID
    /// Relative to the root; for a root that is one file, that file's last component.
    package let name: FilePath
    package var kind: FileKind
    /// Its last finished snapshot; nil when there is none yet.
    package var last: SnapshotState?

    package init(id: FileID, name: FilePath, kind: FileKind, last: SnapshotState? = nil) {
        self.id = id
        self.name = name
        self.kind = kind
        self.last = last
    }
}

/// The state of a protected file at one snapshot.
package struct SnapshotState: Sendable, Hashable {
    package let sequence: SequenceNumber
    package let time: Instant
    package let event: SnapshotEvent
    package let shape: ImageSize
    /// XOR over the pages of XXH64(page, seed = page number); 0 for an empty image.
    package let digest: UInt64

    /// The file was deleted and has no content.
    package var isGone: Bool { event == .deleted && shape.byteCount == 0 }
}
