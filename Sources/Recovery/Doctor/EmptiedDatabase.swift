import History
import LinuxSystem
import RepositoryFormat

/// Notices a database that is sound but lost what was in it: it was deleted and made anew by the next
/// program, emptied, or overwritten by an empty one.
final class EmptiedDatabase {
    struct Loss {
        let finding: String
        /// The snapshot that had the most of them.
        let before: SnapshotIndex.Entry
    }

    private let index: SnapshotIndex
    private let file: FileID
    private let images: HistoricalImages
    private let present: SnapshotIndex.Entry
    private struct Size {
        /// Of all tables.
        let rows: Int
        let bytes: UInt64
    }

    /// Those that were looked at, for each takes a rebuilt image. nil: it cannot be read.
    private var sizes: [SequenceNumber: Size?] = [:]

    /// Snapshots that are looked at, from the present backwards.
    private static let most = 64
    /// So many in a row that have no more rows end the search for the fullest one.
    private static let patience = 8
    /// Fewer rows may come and go.
    private static let handful = 10

    init(
        _ index: SnapshotIndex,
        _ file: FileID,
        _ images: HistoricalImages,
        _ present: SnapshotIndex.Entry
    ) {
        self.index = index
        self.file = file
        self.images = images
        self.present = present
    }

    /// Nil when it has rows and lost none at once, or never had any.
    func find() throws -> Loss? {
        let entries = Array(index.entries(in: .file(file)).suffix(Self.most))
        guard let now = try rowCount(present) else { return nil }
        let found = try now == 0 ? fullest(of: entries.dropLast()) : beforeReplacement(entries, now)
        guard let found else { return nil }
        let deletion = entries.last { $0.event == .deleted && $0.sequence > found.entry.sequence }
        let cause = deletion.map { "it was deleted at snapshot \($0.sequence) and made anew: " } ?? ""
        return Loss(
            finding:
                "\(cause)it has \(Quantity.text(rows: now)), and had \(Quantity.text(rows: found.count)) "
                + "at snapshot \(found.entry.sequence)",
            before: found.entry
        )
    }

    /// Goes back for as long as there were more rows: it may have been emptied table by table.
    private func fullest(
        of entries: ArraySlice<SnapshotIndex.Entry>
    ) throws -> (entry: SnapshotIndex.Entry, count: Int)? {
        var best: (entry: SnapshotIndex.Entry, count: Int)?
        var others = 0
        for entry in entries.reversed() where entry.event != .deleted {
            if let count = try rowCount(entry), count > best?.count ?? 0 {
                (best, others) = ((entry, count), 0)
            } else if best != nil {
                others += 1
                if others == Self.patience { break }
            }
        }
        return best
    }

    /// The state before another file came, or other content, which took more than half of the rows at once.
    private func beforeReplacement(
        _ entries: [SnapshotIndex.Entry],
        _ now: Int
    ) throws -> (entry: SnapshotIndex.Entry, count: Int)? {
        for place in entries.indices.dropFirst().reversed() where entries[place].event != .commit {
            let (entry, before) = (entries[place], entries[place - 1])
            guard before.event != .deleted, let former = try size(before), former.rows > now * 2,
                entry.event == .deleted || former.rows - now >= Self.handful
            else { continue }
            // A program that deletes rows leaves their pages in the file (sqlite.org/fileformat2.html, 1.5).
            if entry.event == .scan, try size(entry).map({ $0.bytes >= former.bytes }) ?? true { continue }
            // It came back, and was cleaned up later.
            let cameBack = try entries[place...].contains { try (rowCount($0) ?? 0) * 2 >= former.rows }
            return cameBack ? nil : (before, former.rows)
        }
        return nil
    }

    private func rowCount(_ entry: SnapshotIndex.Entry) throws -> Int? { try size(entry)?.rows }

    private func size(_ entry: SnapshotIndex.Entry) throws -> Size? {
        if let known = sizes[entry.sequence] { return known }
        let size = try look(entry)
        sizes[entry.sequence] = .some(size)
        return size
    }

    private func look(_ entry: SnapshotIndex.Entry) throws -> Size? {
        guard let image = try images.image(entry) else { return nil }
        defer { if entry != present { images.discard(entry) } }
        let facts = try HealthFacts(imageAt: image)
        if case .problems = facts.integrity { return nil }
        // Of a schema that cannot be parsed nobody knows the tables.
        if case .unchecked = facts.integrity, facts.rowCounts.isEmpty { return nil }
        return Size(
            rows: facts.rowCount,
            bytes: try FileStatus.of(image).sizeBytes
        )
    }
}
