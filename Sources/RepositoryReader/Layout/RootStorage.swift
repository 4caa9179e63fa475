import LinuxSystem
import SystemPackage

/// The size of a root in the repository, in bytes.
package struct RootStorage: Hashable, Sendable {
    /// The same by its parts.
    package struct Parts: Hashable, Sendable {
        /// The stream of snapshots.
        package fileprivate(set) var segments: UInt64 = 0
        package fileprivate(set) var bases: UInt64 = 0
        /// The latest images, uncompressed; not needed to restore.
        package fileprivate(set) var mirrors: UInt64 = 0
        /// Descriptions, the durable mark, drafts, and files that a repair has quarantined.
        package fileprivate(set) var others: UInt64 = 0

        package var total: UInt64 { [segments, bases, mirrors, others].reduce(0) { $0.addingSaturated($1) } }

        fileprivate mutating func add(_ more: Parts) {
            segments.addSaturated(more.segments)
            bases.addSaturated(more.bases)
            mirrors.addSaturated(more.mirrors)
            others.addSaturated(more.others)
        }
    }

    /// The allocated blocks of the disk: what removing the root would free.
    package private(set) var disk = Parts()
    /// The sizes of the files.
    package private(set) var sizes = Parts()

    package init() {}

    /// Reads the sizes of all files, beside a writer. Files that disappear meanwhile are omitted.
    package init(_ root: RootDescription) {
        let whole = Self.sum(in: root.directory)
        // Temporary links to files that are counted already.
        let links = Self.sum(in: root.dryRunDirectory)
        let segments = Self.sum(in: root.segmentsDirectory)
        let bases = Self.sum(in: root.basesDirectory)
        let mirrors = Self.sum(in: root.mirrorDirectory)
        // Sparse images, which are not content.
        let drafts = Self.sum(in: root.compactionDirectory)
        let holes = drafts.size.subtractingSaturated(min(drafts.size, drafts.disk))
        let known = [links, segments, bases, mirrors]
        disk.others = known.reduce(whole.disk) { $0.subtractingSaturated($1.disk) }
        let size = whole.size.subtractingSaturated(holes)
        sizes.others = known.reduce(size) { $0.subtractingSaturated($1.size) }
        (disk.segments, sizes.segments) = (segments.disk, segments.size)
        // A copy of a remote has only those that were read.
        let all = try? root.baseFiles.totalBytes(of: root)
        (disk.bases, sizes.bases) = (all ?? bases.disk, all ?? bases.size)
        (disk.mirrors, sizes.mirrors) = (mirrors.disk, mirrors.size)
    }

    package static func += (sum: inout RootStorage, more: RootStorage) {
        sum.disk.add(more.disk)
        sum.sizes.add(more.sizes)
    }

    private static func sum(in directory: FilePath) -> (size: UInt64, disk: UInt64) {
        guard let names = try? Directory.names(in: directory) else { return (0, 0) }
        return names.reduce((0, 0)) { sum, name in
            let path = directory.appending(name)
            guard let status = try? FileStatus.of(path, followingLinks: false) else { return sum }
            let more =
                status.kind == .directory ? self.sum(in: path) : (status.sizeBytes, status.allocatedBytes)
            return (sum.0.addingSaturated(more.0), sum.1.addingSaturated(more.1))
        }
    }
}

extension OpenFile {
    /// Throws `RepositoryError.gone` unless its path still leads to it.
    package func requireInPlace() throws {
        guard let found = try FileStatus.unlessMissing(path) else {
            throw RepositoryError.gone(path, "was removed or moved")
        }
        guard try found.identity == status().identity else {
            throw RepositoryError.gone(path, "was replaced")
        }
    }
}
