package import LinuxSystem
package import SystemPackage

/// A file under a root that the repository knows, and how it stood at its last snapshot.
package struct ProtectedFile: Sendable, Hashable {
    package let id: FileID
    /// Relative to the root; for a root that is one file, that file's last component.
    package let name: FilePath
    package internal(set) var kind: FileKind
    /// Its last finished snapshot; nil when there is none yet.
    package internal(set) var last: SnapshotState?
}

/// How a protected file stood at one snapshot.
package struct SnapshotState: Sendable, Hashable {
    package let sequence: Sequence
    package let time: Instant
    package let event: SnapshotEvent
    package let shape: ImageShape
    /// XOR over the pages of XXH64(page, seed = page number); 0 for an empty image.
    package let digest: UInt64

    /// Nothing of the file is left.
    var isGone: Bool { event == .deleted && shape.byteCount == 0 }
}
