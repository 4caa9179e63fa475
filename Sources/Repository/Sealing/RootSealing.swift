import LinuxFiles
import SQLiteFiles
import SystemPackage

/// Rewrites the segments of a root that are full, so that they take less room: the same snapshots, in packs of byte
/// ranges.
///
/// A segment is sealed when another one follows it and nothing in it is in doubt: no snapshot is unfinished at its
/// start or end, nothing in it is damaged, set aside or unknown. Otherwise it stays as it is. The sealed form is made as
/// a draft, read back and compared snapshot by snapshot, and takes the name of the old one when it is on the disk. So
/// whatever is interrupted, the name leads to one or the other, and both say the same.
package struct RootSealing: Sendable {
    package let root: RootDescription

    /// Only for the root's writer, one at a time; on any thread, beside the one that writes.
    package init(_ root: RootDescription) { self.root = root }

    /// Seals what can be, oldest first, as long as `goesOn`; in between that ends it within some milliseconds.
    /// Returns how many segments were sealed. Throws `RepositoryError.unsupported`, or `SystemError`; then the segments
    /// that were not sealed yet are as they were.
    @discardableResult
    package func run(while goesOn: @escaping () -> Bool = { true }) throws -> Int {
        var sealed = 0
        for first in try root.segments().dropLast() {
            guard goesOn() else { break }
            guard let header = try? StreamWalk(root: root).header(of: first), !header.isSealed else {
                continue
            }
            do {
                if try seal(header, goesOn) { sealed += 1 }
            } catch is DamageError {
                // It stays what it is; a check finds the damage.
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
        guard let scan = try SegmentScan(root, header.firstSequence), scan.isFit else { return false }
        let draft = root.segmentsDirectory.appending("\(SegmentName.make(header.firstSequence).string).new")
        let scratch = root.directory.appending("sealing")
        try Directory.removeTree(scratch)
        try Directory.make(scratch)
        defer { try? Directory.removeTree(scratch) }
        let written = try write(header, scan, draft, scratch, goesOn)
        // Read back with images of its own, each snapshot must have its digest again.
        let images = try SegmentImages(root, scan, in: scratch)
        let reading = try SegmentReading(root, scan, at: draft, images, goesOn)
        guard try reading.run() == written else {
            throw DamageError(draft, at: 0, "the sealed segment does not say what the segment says")
        }
        try Directory.rename(draft, to: root.segmentPath(header.firstSequence))
        try Directory.synchronise(root.segmentsDirectory)
        return true
    }

    /// Makes the draft and returns the snapshots that are in it.
    private func write(
        _ header: SegmentHeader,
        _ scan: SegmentScan,
        _ draft: FilePath,
        _ scratch: FilePath,
        _ goesOn: @escaping () -> Bool
    ) throws -> [SegmentReading.Snapshot] {
        let images = try SegmentImages(root, scan, in: scratch)
        let path = root.segmentPath(header.firstSequence)
        let writer = try PackWriter(header, at: draft)
        let reading = try SegmentReading(root, scan, at: path, images, goesOn, into: writer)
        let snapshots = try reading.run()
        try writer.finish()
        return snapshots
    }
}
