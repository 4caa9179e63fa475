package import LinuxSystem
import RepositoryFormat
package import RepositoryReader
import SystemPackage

/// The dry run of pruning a root. It prunes links of the root's files, which pruning never changes. Where
/// there are no links, it prunes copies.
package struct PruningDryRun {
    private let root: RootDescription
    /// The same root, in a directory within its own.
    private let stage: RootDescription

    package init(_ root: RootDescription) {
        self.root = root
        var stage = root
        stage.directory = root.dryRunDirectory
        self.stage = stage
    }

    /// Returns what `RootPruning.runAlone`, or a watcher on request, would return now. The disk needs space
    /// for the files that would be written. Throws `RepositoryError.locked` during another dry run of the
    /// root, and what those throw.
    package func run(_ kept: KeptSnapshots, progress: WorkProgress? = nil) throws -> RootPruning.Outcome {
        try Directory.make(stage.directory)
        let lock = try OpenFile(lockPath, .updateOrCreate)
        guard try lock.takeWriteLock() else { throw RepositoryError.locked(stage.directory) }
        defer { lock.releaseWriteLock() }
        defer { try? Directory.removeTree(stage.directory) }
        try ReplacedSegmentError.retrying {
            // A crash may have left some.
            try Directory.removeTree(stage.segmentsDirectory)
            try Directory.removeTree(stage.basesDirectory)
            try linkAll()
        }
        return try RootPruning.runAlone(stage, kept, asWatcher: root.hasWriter, progress: progress)
    }

    /// Removes the files of a dry run that was killed.
    func removeRemains() throws(SystemError) {
        guard FileStatus.ifPresent(lockPath) != nil else { return }
        let lock = try OpenFile(lockPath, .updateOrCreate)
        guard try lock.takeWriteLock() else { return }
        defer { lock.releaseWriteLock() }
        try Directory.removeTree(stage.directory)
    }

    private var lockPath: FilePath { stage.directory.appending("rehearsing") }

    private func linkAll() throws {
        try Directory.make(stage.segmentsDirectory)
        try Directory.make(stage.basesDirectory)
        let segments = try root.segments()
        for first in segments.dropLast() { try link(root.segmentPath(first), stage.segmentPath(first)) }
        for name in try Directory.names(in: root.basesDirectory) where BaseName.isOwn(name) {
            try link(root.basesDirectory.appending(name), stage.basesDirectory.appending(name))
        }
        // The last one may be written to meanwhile.
        guard let last = segments.last else { return }
        let copy = try OpenFile(stage.segmentPath(last), .createNew)
        let end = try FileStatus.of(root.segmentPath(last)).sizeBytes
        try SegmentSuccession.copyFront(of: root.segmentPath(last), to: copy, from: 0, upTo: end)
    }

    private func link(_ path: FilePath, _ name: FilePath) throws {
        do {
            try SecondName.keep(path, as: name)
        } catch let error as SystemError where error.isAbsent {
            throw ReplacedSegmentError()
        }
    }
}
