import LinuxSystem
import RepositoryFormat
package import RepositoryReader
import SystemPackage

/// Rewrites the segments of a root that are full, so that they take less room: the same snapshots, in packs
/// of byte ranges. Confined to one thread.
///
/// A segment is sealed when another one follows it and nothing in it is in doubt: no snapshot is unfinished
/// at its start or end, nothing in it is damaged, set aside or unknown. Otherwise it stays as it is. The
/// sealed form is made as a draft, read back and compared snapshot by snapshot, and takes the name of the old
/// one when it is on the disk. So whatever is interrupted, the name leads to one or the other, and both say
/// the same.
///
/// What is known at the end of a segment is kept for the next one: only the first one takes a walk over all
/// that comes before.
package final class RootCompaction {
    let root: RootDescription
    private let scratch: FilePath
    /// The segment that was sealed last, and all that is known at its end.
    private var last: (segment: SequenceNumber, tracker: HistoryTracker, images: CompactionImages)?
    /// Segments that stay as they are: looking at one again would take another walk over all that comes
    /// before.
    private var unfit: Set<SequenceNumber> = []

    /// Only for the root's writer, one at a time; beside the thread that writes.
    package init(_ root: RootDescription) {
        self.root = root
        scratch = root.sealingDirectory
    }

    deinit {
        try? Directory.removeTree(scratch)
    }

    /// Forgets all that is known of segments, and gives the disk's room back: somebody else may change them.
    package func forget() {
        last = nil
        try? Directory.removeTree(scratch)
    }

    /// Seals what can be, oldest first, as long as `goesOn`; in between that ends it within some
    /// milliseconds. Returns how many segments were sealed. Throws `RepositoryError.unsupported`,
    /// `SystemError`, or `CompactionError`; then the segments that were not sealed yet are as they were.
    /// `onDamage`: told once of each that is damaged, and stays as it is.
    @discardableResult
    package func run(
        while goesOn: @escaping () -> Bool = { true },
        onDamage: (DamageError) -> Void = { _ in }
    ) throws -> Int {
        var sealed = 0
        for first in try root.segments().dropLast() where !unfit.contains(first) {
            guard goesOn() else { break }
            guard let header = try? StreamReader(root: root).header(of: first), !header.isSealed else {
                continue
            }
            do {
                if try seal(header, goesOn) { sealed += 1 } else { unfit.insert(first) }
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

    /// Sealing was to end.
    struct Interruption: Error {}

    /// False when the segment is not fit for it.
    private func seal(_ header: SegmentHeader, _ goesOn: @escaping () -> Bool) throws -> Bool {
        let known = last.flatMap { $0.segment == header.previousFirst ? $0 : nil }
        // Until all has gone well nothing is known.
        last = nil
        defer { if last == nil { try? Directory.removeTree(scratch) } }
        guard
            let scan = try SegmentScan(
                root,
                header.firstSequence...header.firstSequence,
                after: known?.tracker
            )
        else { return false }
        if let damage = scan.damage { throw damage }
        guard scan.isFit else { return false }
        let images = try known?.images ?? makeImages()
        try images.prepare(scan)
        let draft = root.segmentsDirectory.appending("\(SegmentName.make(header.firstSequence).string).new")
        defer { if last == nil { try? Directory.remove(draft) } }
        let written = try write(header, scan, draft, images, goesOn)
        let summaries = scratch.appending("summary")
        // Read back and laid over the images themselves, each snapshot must have its digest again.
        guard try SummaryReading(root, scan, at: draft, images, in: summaries).run(),
            try SegmentReading<PackWriter>(root, scan, at: draft, images, goesOn).run() == written
        else {
            throw CompactionError(segment: header.firstSequence)
        }
        try images.writeOverlays()
        images.forgetGone(at: scan.after)
        try Directory.rename(draft, to: root.segmentPath(header.firstSequence))
        try Directory.synchronise(root.segmentsDirectory)
        last = (header.firstSequence, scan.after, images)
        return true
    }

    private func makeImages() throws -> CompactionImages {
        try Directory.removeTree(scratch)
        try Directory.make(scratch)
        return try CompactionImages(root, in: scratch.appending("images"))
    }

    /// Makes the draft and returns the snapshots that are in it. The images stay as they are.
    private func write(
        _ header: SegmentHeader,
        _ scan: SegmentScan,
        _ draft: FilePath,
        _ images: CompactionImages,
        _ goesOn: @escaping () -> Bool
    ) throws -> [RewrittenSnapshot] {
        let copy = scratch.appending("copy")
        defer { try? Directory.removeTree(copy) }
        let path = root.segmentPath(header.firstSequence)
        let copied = try images.copy(for: scan, in: copy)
        let writer = try PackWriter(header, scan, copied, at: draft, waiting: copy.appending("packs"))
        let reading = try SegmentReading(root, scan, at: path, copied, goesOn, into: writer)
        let snapshots = try reading.run()
        try writer.finish(replacing: header.firstSequence)
        return snapshots
    }
}

/// A sealed form that was made does not say what its segment says: a bug. It was thrown away.
struct CompactionError: Error, CustomStringConvertible {
    let segment: SequenceNumber

    package var description: String {
        "the sealed form of segment \(segment) does not say what the segment says; it was thrown away"
    }
}
