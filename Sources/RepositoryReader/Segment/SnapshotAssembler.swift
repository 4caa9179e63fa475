package import RepositoryFormat

/// Puts the snapshots of one file together from its records, in the order of the stream. Pure.
///
/// A snapshot is all bases and entries of the file after its snapshot before, up to the entry with an event.
/// A void record of the file, or a session, makes those void that no such entry has followed.
package struct SnapshotAssembler {
    /// The place of an entry of a changes record. A base is the first entry of its record.
    package struct Place: Hashable, Comparable {
        let record: RecordLocation
        let entry: Int

        package init(_ record: RecordLocation, entry: Int) {
            self.record = record
            self.entry = entry
        }

        package static func < (left: Place, right: Place) -> Bool {
            (left.record, left.entry) < (right.record, right.entry)
        }
    }

    package struct Snapshot: Hashable {
        /// Its last base or fresh start, if any; without one it builds on the snapshot before.
        let start: RecordLocation?
        let end: Place
    }

    /// Of the unfinished snapshot, its first part, and its last base or fresh start.
    private var firstPart: Place?
    private var start: RecordLocation?
    /// From the first part of a void snapshot up to the record that voids it.
    private var voids: [(from: Place, to: RecordLocation)] = []

    package init() {}

    /// Whether the entry, or base, is known to be void.
    package func isVoid(_ place: Place) -> Bool {
        voids.contains { place >= $0.from && place.record < $0.to }
    }

    package mutating func sawBase(_ record: RecordLocation) {
        firstPart = firstPart ?? Place(record, entry: 0)
        start = record
    }

    /// Returns the snapshot that the entry ends.
    @discardableResult
    package mutating func saw(_ entry: ChangesFormat.Entry, at place: Place) -> Snapshot? {
        if entry.startsFresh { start = place.record }
        guard entry.event != nil else {
            firstPart = firstPart ?? place
            return nil
        }
        firstPart = nil
        return Snapshot(start: start.take(), end: place)
    }

    /// The record is a session, or voids the file's unfinished snapshot. Returns whether there was one.
    @discardableResult
    package mutating func sawVoid(_ record: RecordLocation) -> Bool {
        start = nil
        guard let first = firstPart.take() else { return false }
        voids.append((first, record))
        return true
    }

    /// Nobody will ask for what is before the record.
    mutating func forget(before record: RecordLocation) { voids.removeAll { $0.to < record } }
}
