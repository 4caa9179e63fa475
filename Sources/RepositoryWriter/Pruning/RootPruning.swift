import LinuxSystem
import RepositoryFormat
package import RepositoryReader
import SystemPackage

/// Removes snapshots from a root's history. Those that stay are what they were, byte for byte. Confined to
/// one thread.
///
/// Segments that hold something that goes are written anew, neighbours together, as sealing does it: a draft
/// is made, read back with every digest compared, and takes the first one's name when it is on the disk. Its
/// footer says which segments it stands for, so from that moment on the others mean nothing; then they are
/// taken away, and the bases that nothing is built on any more. Whatever is interrupted, nothing that stays
/// is lost, and the next run goes on. The last segment is never touched.
///
/// The newest segments come first: a moment in a segment that has not been written anew has beside it, in
/// that segment or older ones, all that it had, wherever the work ends. In the other order a root would be
/// restored as a state that never was.
package final class RootPruning {
    package struct Outcome: Hashable, Sendable {
        package var removedSnapshots = 0
        package var freedBytes: UInt64 = 0
    }

    let root: RootDescription
    private let scratch: FilePath
    private let groupBytes: UInt64

    /// Only for the root's writer; beside the thread that writes, but not while segments are sealed.
    /// `groupBytes`: the most that segments which are written anew together hold of what stays.
    package init(_ root: RootDescription, groupBytes: UInt64 = 2 << 20) {
        self.root = root
        self.groupBytes = groupBytes
        scratch = root.sealingDirectory
    }

    /// Removes what does not stay, newest segments first, as long as `goesOn`. What is damaged, and all
    /// before it, stays as it is; so does what ends in an unfinished snapshot. Throws
    /// `RepositoryError.unsupported`, `SystemError`, or `CompactionError`; what was done before stays done.
    package func run(_ kept: KeptSnapshots, while goesOn: @escaping () -> Bool = { true }) throws -> Outcome {
        try PruningDryRun(root).removeRemains()
        var outcome = Outcome()
        let groups = try PruningGroups(root, kept, groupBytes: groupBytes)
        for segment in groups.replaced {
            outcome.freedBytes.addSaturated(try remove(root.segmentPath(segment)))
        }
        for group in groups.groups.reversed() {
            guard goesOn(), let scan = try SegmentScan(root, group, after: nil), scan.isFit else { break }
            do {
                try thin(scan, groups.kept, goesOn, &outcome)
            } catch is DamageError {
                // A check finds the damage.
                break
            } catch is RootCompaction.Interruption {
                break
            }
        }
        return outcome
    }

    /// Takes the root's lock, ends its last segment, so that no snapshot is out of reach, and runs.
    /// `asWatcher`: does only what a watcher does when it is asked: that seals first, and touches no base
    /// that it may have made. Throws `RepositoryError.locked` when a writer has the root, and what `run`
    /// throws.
    package static func runAlone(
        _ root: RootDescription,
        _ kept: KeptSnapshots,
        asWatcher: Bool = false
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
        let thinning = RootPruning(root)
        var outcome = try thinning.run(kept)
        if asWatcher { return outcome }
        outcome.freedBytes.addSaturated(try thinning.removeUnnamedBases())
        outcome.freedBytes -= min(outcome.freedBytes, added)
        return outcome
    }

    private func thin(
        _ scan: SegmentScan,
        _ kept: KeptSnapshots,
        _ goesOn: @escaping () -> Bool,
        _ outcome: inout Outcome
    ) throws {
        try Directory.removeTree(scratch)
        try Directory.make(scratch)
        defer { try? Directory.removeTree(scratch) }
        let images = try CompactionImages(root, in: scratch.appending("images"))
        try images.prepare(scan)
        let first = scan.segments.lowerBound
        let path = root.segmentPath(first)
        let draft = root.segmentsDirectory.appending("\(SegmentName.make(first).string).new")
        var isDone = false
        defer { if !isDone { try? Directory.remove(draft) } }
        let (last, following) = try successor(of: scan.segments.upperBound)
        let copy = try images.copy(for: scan, in: scratch.appending("copy"))
        let header = try StreamReader(root: root).header(of: first)
        let packs = try PackWriter(header, scan, copy, at: draft, waiting: scratch.appending("packs"))
        let writer = PruningWriter(packs, copy, scan, kept)
        defer {
            if !isDone {
                for base in writer.newBases { _ = try? remove(root.basePath(base.sequence, base.file)) }
            }
        }
        _ = try SegmentReading(root, scan, copy, goesOn, into: writer).run()
        try writer.finish(replacing: last)
        let summaries = scratch.appending("summary")
        guard try SummaryReading(root, scan, at: draft, images, in: summaries).run(),
            try SegmentReading<PruningWriter>(root, scan, at: draft, images, goesOn).run()
                == writer.snapshots
        else { throw CompactionError(segment: first) }

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

    /// The segment behind the one with that first sequence, and which one it says that it follows.
    private func successor(
        of segment: SequenceNumber
    ) throws -> (followed: SequenceNumber, first: SequenceNumber) {
        guard let next = try root.segments().first(where: { $0 > segment }) else {
            throw RepositoryError.noSnapshot(.root, at: segment)
        }
        return (try StreamReader(root: root).header(of: next).previousFirst, next)
    }

    /// Returns how many bytes it had.
    func remove(_ path: FilePath) throws(SystemError) -> UInt64 {
        guard let bytes = try StoredFile.sizeBytes(path) else { return 0 }
        try Directory.remove(path)
        return bytes
    }
}
