import History
import LinuxSystem
import RepositoryFormat

/// Detects a healthy database that lost its content. It was deleted and created again by the next program,
/// emptied, or overwritten by an empty one.
struct EmptiedDatabase {
    struct Loss {
        let finding: String
        /// The snapshot with the most rows.
        let before: SnapshotIndex.Entry
    }

    /// The rows of all tables, and the bytes of the file.
    typealias Size = (rows: Int, bytes: UInt64)

    let index: SnapshotIndex
    let file: FileID
    let images: HistoricalImages
    let present: SnapshotIndex.Entry
    /// The sizes found so far, since each needs a rebuilt image. nil: it cannot be read.
    private(set) var sizes: [SequenceNumber: Size?] = [:]

    /// The number of snapshots to examine, from the newest backwards.
    private static let most = 64
    /// The search for the fullest one ends after this many in a row without more rows.
    private static let patience = 8
    /// Losing fewer rows than this is normal.
    private static let handful = 10

    /// Nil when it has rows and lost none at once, or never had any.
    mutating func find() throws -> Loss? {
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

    /// Continues backwards as long as there were more rows: it may have been emptied table by table.
    private mutating func fullest(
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

    /// The state before another file or other content replaced it, with the loss of more than half of the
    /// rows at once.
    private mutating func beforeReplacement(
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
            // The rows were restored, and deleted later.
            let cameBack = try entries[place...].contains { try (rowCount($0) ?? 0) * 2 >= former.rows }
            return cameBack ? nil : (before, former.rows)
        }
        return nil
    }

    private mutating func rowCount(_ entry: SnapshotIndex.Entry) throws -> Int? { try size(entry)?.rows }

    private mutating func size(_ entry: SnapshotIndex.Entry) throws -> Size? {
        if let known = sizes[entry.sequence] { return known }
        let size = try measure(entry)
        sizes[entry.sequence] = .some(size)
        return size
    }

    private func measure(_ entry: SnapshotIndex.Entry) throws -> Size? {
        guard let image = try images.image(entry) else { return nil }
        defer { if entry != present { images.discard(entry) } }
        let facts = try HealthFacts(imageAt: image)
        guard facts.areTablesKnown else { return nil }
        return (facts.rowCount, try FileStatus.of(image).sizeBytes)
    }
}
