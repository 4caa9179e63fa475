import LinuxSystem
import RepositoryFormat
package import RepositoryReader
import SystemPackage

/// Compacts full segments of a root: the same snapshots take less space, in blocks of byte ranges. Confined
/// to one thread.
///
/// A segment is compacted if and only if:
/// 1. Another segment follows it.
/// 2. No snapshot is unfinished at its start or its end.
/// 3. Nothing in it is damaged or unknown, and no unfinished write is at its end.
///
/// The compacted segment is written as a draft, read back and compared snapshot by snapshot. Once it is
/// durable, it takes the name of the old one. After any interruption the name leads to one of the two, and
/// both have the same snapshots.
///
/// The state at the end of a segment is kept for the next one. So only the first one needs a pass over
/// everything before it.
package final class RootCompaction {
    let root: RootDescription
    private let scratch: FilePath
    /// The segment that was compacted last, and the state at its end.
    private var last: (segment: SequenceNumber, tracker: HistoryTracker, images: CompactionImages)?
    /// Segments that cannot be compacted. Trying one again would need another pass over everything before it.
    private var unfit: Set<SequenceNumber> = []

    /// Only for the root's writer, one at a time. May run beside the thread that writes.
    package init(_ root: RootDescription) {
        self.root = root
        scratch = root.compactionDirectory
    }

    deinit {
        try? Directory.removeTree(scratch)
    }

    /// Drops the kept state and frees its disk space, because another process may change the segments.
    package func forget() {
        last = nil
        try? Directory.removeTree(scratch)
    }

    /// Compacts segments, oldest first, while `shouldContinue` returns true. If it returns false, compaction
    /// ends within milliseconds. Returns the number of compacted segments. `onDamage` is called once for
    /// each damaged segment, which remains unchanged.
    ///
    /// Throws `RepositoryError.unsupported`, `SystemError`, or `CompactionError`. Segments that were not
    /// compacted yet are then unchanged.
    @discardableResult
    package func run(
        while shouldContinue: @escaping () -> Bool = { true },
        onDamage: (DamageError) -> Void = { _ in }
    ) throws -> Int {
        var sealed = 0
        for first in try root.segments().dropLast() where !unfit.contains(first) {
            guard shouldContinue() else { break }
            guard let header = try? StreamReader(root: root).header(of: first), !header.isSealed else {
                continue
            }
            do {
                if try seal(header, shouldContinue) { sealed += 1 } else { unfit.insert(first) }
            } catch let error as DamageError {
                unfit.insert(first)
                onDamage(error)
            } catch let error as CompactionError {
                unfit.insert(first)
                throw error
            } catch is Interruption {
                break
            }
        }
        return sealed
    }

    /// Compaction was asked to stop.
    struct Interruption: Error {}

    /// False when the segment cannot be compacted.
    private func seal(_ header: SegmentHeader, _ shouldContinue: @escaping () -> Bool) throws -> Bool {
        let known = last.flatMap { $0.segment == header.previousFirst ? $0 : nil }
        // Until everything has succeeded there is no kept state.
        last = nil
        defer { if last == nil { try? Directory.removeTree(scratch) } }
        let first = header.firstSequence
        guard let scan = try SegmentScan(root, first...first, after: known?.tracker) else { return false }
        if let damage = scan.damage { throw damage }
        guard scan.isFit, !scan.endsTorn else { return false }
        let images = try known?.images ?? makeImages()
        try images.prepare(scan)
        let draft = root.segmentDraftPath(first)
        defer { if last == nil { try? Directory.remove(draft) } }
        let written = try write(header, scan, draft, images, shouldContinue)
        try images.prove(draft, scan, has: written, in: scratch, shouldContinue)
        try images.writeOverlays()
        images.forgetGone(at: scan.after)
        try Directory.rename(draft, to: root.segmentPath(first))
        try Directory.synchronise(root.segmentsDirectory)
        last = (first, scan.after, images)
        return true
    }

    private func makeImages() throws -> CompactionImages {
        try Directory.removeTree(scratch)
        try Directory.make(scratch)
        return try CompactionImages(root, in: scratch.appending("images"))
    }

    /// Writes the draft and returns its snapshots. The images are not changed.
    private func write(
        _ header: SegmentHeader,
        _ scan: SegmentScan,
        _ draft: FilePath,
        _ images: CompactionImages,
        _ shouldContinue: @escaping () -> Bool
    ) throws -> [RewrittenSnapshot] {
        let copy = scratch.appending("copy")
        defer { try? Directory.removeTree(copy) }
        let path = root.segmentPath(header.firstSequence)
        let copied = try images.copy(for: scan, in: copy)
        let writer = try BlockWriter(header, scan, copied, at: draft, waiting: copy.appending("blocks"))
        let reading = try SegmentReading(root, scan, at: path, copied, shouldContinue, into: writer)
        let snapshots = try reading.run()
        try writer.finish(replacing: header.firstSequence)
        return snapshots
    }
}

extension CompactionImages {
    /// Reads a draft back and applies it to the images. Each of its snapshots must match its digest again.
    /// Throws `CompactionError` if they are not `snapshots`.
    func prove(
        _ draft: FilePath,
        _ scan: SegmentScan,
        has snapshots: [RewrittenSnapshot],
        in scratch: FilePath,
        _ shouldContinue: @escaping () -> Bool
    ) throws {
        let deltas = scratch.appending("segment delta")
        guard try SegmentDeltaReading(root, scan, at: draft, self, in: deltas).run(),
            try SegmentReading<BlockWriter>(root, scan, at: draft, self, shouldContinue).run() == snapshots
        else { throw CompactionError(segment: scan.segments.lowerBound) }
    }
}

/// A compacted segment differs from its original. This is a bug. The draft was deleted.
struct CompactionError: Error, CustomStringConvertible {
    let segment: SequenceNumber

    package var description: String {
        "the sealed form of segment \(segment) does not say what the segment says; it was thrown away"
    }
}
