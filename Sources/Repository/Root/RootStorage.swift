import LinuxFiles
import SystemPackage

/// What the repository holds of a root, in bytes.
package struct RootStorage: Hashable, Sendable {
    /// The stream of snapshots.
    package private(set) var segments: UInt64 = 0
    package private(set) var bases: UInt64 = 0
    /// The latest images, uncompressed; not needed to restore.
    package private(set) var mirrors: UInt64 = 0
    /// Descriptions, the durable mark, drafts, and what a repair has set aside.
    package private(set) var others: UInt64 = 0

    package var total: UInt64 { [segments, bases, mirrors, others].reduce(0) { $0.addingSaturated($1) } }

    package init() {}

    /// Looks at the sizes of all files, beside a writer. What goes away meanwhile is left out.
    package init(_ root: RootDescription) {
        segments = Self.bytes(in: root.segmentsDirectory)
        bases = Self.bytes(in: root.basesDirectory)
        mirrors = Self.bytes(in: root.mirrorDirectory)
        let all = Self.bytes(in: root.directory)
        let holes = Self.bytes(in: root.sealingDirectory) {
            $0.sizeBytes.subtractingSaturated($0.allocatedBytes)
        }
        // Links to what is counted already, but for a moment.
        let links = Self.bytes(in: root.rehearsalDirectory)
        others = [segments, bases, mirrors, holes, links].reduce(all) { $0.subtractingSaturated($1) }
    }

    package static func += (sum: inout RootStorage, more: RootStorage) {
        sum.segments.addSaturated(more.segments)
        sum.bases.addSaturated(more.bases)
        sum.mirrors.addSaturated(more.mirrors)
        sum.others.addSaturated(more.others)
    }

    private static func bytes(
        in directory: FilePath,
        of measure: (FileStatus) -> UInt64 = { $0.sizeBytes }
    ) -> UInt64 {
        guard let names = try? Directory.names(in: directory) else { return 0 }
        return names.reduce(0) { sum, name in
            let path = directory.appending(name)
            guard let status = try? FileStatus.of(path, followingLinks: false) else { return sum }
            return sum.addingSaturated(
                status.kind == .directory ? bytes(in: path, of: measure) : measure(status)
            )
        }
    }
}
