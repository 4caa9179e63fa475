package import LinuxSystem
import RepositoryFormat
package import RepositoryReader
import SystemPackage

/// Removes snapshots from a root's history. The kept ones do not change by a byte. Confined to one thread.
///
/// Segments with removed snapshots are rewritten, consecutive ones together:
/// 1. A draft is written and read back, and every digest is compared.
/// 2. Once it is durable, it takes the first segment's name. Its footer names the segments that it replaces;
///    from that moment on the others are ignored.
/// 3. The others are removed, and the bases on which nothing builds any more.
///
/// An interruption loses no kept snapshot, and the next run continues. The last segment is never touched.
/// Of the others, only the records remain, not the unfinished write that may follow them.
///
/// The newest segments come first. A moment in a segment that is not rewritten yet needs states of other
/// files, in that segment or older ones. These are still there, wherever the work ends. In the other order a
/// root could be restored to a state that never existed.
package final class RootPruning {
    package struct Outcome: Hashable, Sendable {
        package var removedSnapshots = 0
        package var freedBytes: UInt64 = 0
    }

    let root: RootDescription
    private let scratch: FilePath
    private let groupBytes: UInt64

    /// Only for the root's writer. May run beside the thread that writes, but not during compaction.
    /// `groupBytes`: the most bytes of kept snapshots in segments that are rewritten together.
    package init(_ root: RootDescription, groupBytes: UInt64 = 2 << 20) {
        self.root = root
        self.groupBytes = groupBytes
        scratch = root.compactionDirectory
    }

    /// Removes the snapshots that are not kept, newest segments first, while `shouldContinue` returns true.
    /// Unchanged are damaged segments, all before them, and those that end in an unfinished snapshot.
    ///
    /// Throws `RepositoryError.unsupported`, `SystemError`, or `CompactionError`. Segments that were
    /// rewritten before remain so.
    package func run(
        _ kept: KeptSnapshots,
        progress: WorkProgress? = nil,
        while shouldContinue: @escaping () -> Bool = { true }
    ) throws -> Outcome {
        try PruningDryRun(root).removeRemains()
        var outcome = Outcome()
        let groups = try PruningGroups(root, kept, groupBytes: groupBytes)
        for segment in groups.replaced {
            outcome.freedBytes.addSaturated(try remove(root.segmentPath(segment)))
        }
        let sizes = try progress == nil ? [:] : sizes(of: groups.groups)
        progress?.begin("rewriting", totalBytes: sizes.values.reduce(0) { $0.addingSaturated($1) })
        for group in groups.groups.reversed() {
            defer { progress?.add(sizes[group] ?? 0) }
            guard shouldContinue(), let scan = try SegmentScan(root, group, after: nil), scan.isFit else {
                break
            }
            do {
                try prune(scan, groups.kept, shouldContinue, &outcome)
            } catch is DamageError {
                // A check finds the damage.
                break
            } catch is RootCompaction.Interruption {
                break
            }
        }
        return outcome
    }

    /// Takes the root's lock, ends its last segment so that all snapshots are in reach, and runs. Throws
    /// `RepositoryError.locked` when a writer has the root, and what `run` throws.
    ///
    /// `asWatcher`: does only what a watcher does on request. A watcher compacts first, and removes no
    /// unnamed base because it may have made it.
    package static func runAlone(
        _ root: RootDescription,
        _ kept: KeptSnapshots,
        asWatcher: Bool = false,
        progress: WorkProgress? = nil
    ) throws -> Outcome {
        let lock = try root.takeWriterLock()
        defer { extendLifetime(lock) }
        let (tracker, end) = try RootHistory(root).scan { _ in }
        var added: UInt64 = 0
        if let end, end.tail == .clean, !tracker.hasUnfinished, tracker.lastSequence >= end.segment {
            let succession = SegmentSuccession.follow(segment: end.segment, validBytes: end.validBytes)
            _ = try succession.open(root: root, next: tracker.lastSequence.next, now: tracker.lastTime)
            added = SegmentHeader.byteCount
        }
        if asWatcher { try RootCompaction(root).run() }
        let pruning = RootPruning(root)
        var outcome = try pruning.run(kept, progress: progress)
        if asWatcher { return outcome }
        outcome.freedBytes.addSaturated(try pruning.removeUnnamedBases())
        outcome.freedBytes -= min(outcome.freedBytes, added)
        return outcome
    }

    /// The bytes of the segments of each group.
    private func sizes(
        of groups: [ClosedRange<SequenceNumber>]
    ) throws -> [ClosedRange<SequenceNumber>: UInt64] {
        let segments = try root.segments()
        return try groups.reduce(into: [:]) { sizes, group in
            sizes[group] = try segments.filter(group.contains).reduce(0) { sum, segment in
                try sum.addingSaturated(StoredFile.sizeBytes(root.segmentPath(segment)) ?? 0)
            }
        }
    }

    private func prune(
        _ scan: SegmentScan,
        _ kept: KeptSnapshots,
        _ shouldContinue: @escaping () -> Bool,
        _ outcome: inout Outcome
    ) throws {
        try Directory.removeTree(scratch)
        try Directory.make(scratch)
        defer { try? Directory.removeTree(scratch) }
        let images = try CompactionImages(root, in: scratch.appending("images"))
        try images.prepare(scan)
        let first = scan.segments.lowerBound
        let path = root.segmentPath(first)
        let draft = root.segmentDraftPath(first)
        var isDone = false
        defer { if !isDone { try? Directory.remove(draft) } }
        let (last, following) = try successor(of: scan.segments.upperBound)
        let copy = try images.copy(for: scan, in: scratch.appending("copy"))
        let header = try StreamReader(root: root).header(of: first)
        let blocks = try BlockWriter(header, scan, copy, at: draft, waiting: scratch.appending("blocks"))
        let writer = PruningWriter(blocks, copy, scan, kept)
        defer {
            if !isDone {
                for base in writer.newBases { _ = try? remove(root.basePath(base.sequence, base.file)) }
            }
        }
        _ = try SegmentReading(root, scan, copy, shouldContinue, into: writer).run()
        try writer.finish(replacing: last)
        try images.prove(draft, scan, has: writer.snapshots, in: scratch, shouldContinue)

        let former = try FileStatus.of(path).sizeBytes
        let present = try writer.newBases.reduce(FileStatus.of(draft).sizeBytes) { sum, base in
            try sum.addingSaturated(FileStatus.of(root.basePath(base.sequence, base.file)).sizeBytes)
        }
        try Directory.rename(draft, to: path)
        isDone = true
        try Directory.synchronise(root.segmentsDirectory)
        outcome.removedSnapshots += writer.removedCount
        outcome.freedBytes.addSaturated(former)
        for segment in try root.segments() where segment > first && segment < following {
            outcome.freedBytes.addSaturated(try remove(root.segmentPath(segment)))
        }
        for base in writer.unusedBases {
            outcome.freedBytes.addSaturated(try remove(root.basePath(base.sequence, base.file)))
        }
        outcome.freedBytes -= min(outcome.freedBytes, present)
    }

    /// The segment after the one with that first sequence, and the one that it follows by its own header.
    private func successor(
        of segment: SequenceNumber
    ) throws -> (followed: SequenceNumber, first: SequenceNumber) {
        guard let next = try root.segments().first(where: { $0 > segment }) else {
            throw RepositoryError.noSnapshot(.root, at: segment)
        }
        return (try StreamReader(root: root).header(of: next).previousFirst, next)
    }

    /// Removes the file and returns its size in bytes.
    func remove(_ path: FilePath) throws(SystemError) -> UInt64 {
        guard let bytes = try StoredFile.sizeBytes(path) else { return 0 }
        try Directory.remove(path)
        return bytes
    }
}
