import LinuxFiles
import Repository

/// Notices a database that is sound but lost what was in it: it was deleted and made anew by the next program, emptied, or overwritten
/// by an empty one.
struct EmptiedDatabase {
    struct Loss {
        let finding: String
        /// The last snapshot that had the rows.
        let before: SnapshotIndex.Entry
    }

    private let index: SnapshotIndex
    private let file: FileID
    private let images: PastImages
    private let present: SnapshotIndex.Entry

    /// Snapshots that are looked at, from the present backwards.
    private static let most = 64

    init(
        _ index: SnapshotIndex,
        _ file: FileID,
        _ images: PastImages,
        _ present: SnapshotIndex.Entry
    ) {
        self.index = index
        self.file = file
        self.images = images
        self.present = present
    }

    /// Nil when it has rows, or never had any. After a deletion it must have half as many as before it.
    func find() throws -> Loss? {
        let entries = index.entries(in: .file(file))
        let now = try rowCount(present) ?? 0
        let deletion = entries.last { $0.event == .deleted }
        let candidates =
            now == 0
            ? entries.dropLast().suffix(Self.most).reversed()
            : deletion.map { gone in entries.filter { $0.sequence < gone.sequence }.suffix(1) } ?? []
        for entry in candidates where entry.event != .deleted {
            guard let count = try rowCount(entry), count > now * 2 else { continue }
            // It came back, and was cleaned up later.
            if now > 0, let deletion, try hadRows(count, after: deletion, entries) { return nil }
            let cause = deletion.map {
                $0.sequence > entry.sequence
                    ? "it was deleted at snapshot \($0.sequence) and made anew: " : ""
            }
            return Loss(
                finding: "\(cause ?? "")it has \(Quantity.text(rows: now)), and had "
                    + "\(Quantity.text(rows: count)) at snapshot \(entry.sequence)",
                before: entry
            )
        }
        return nil
    }

    private func hadRows(
        _ count: Int,
        after deletion: SnapshotIndex.Entry,
        _ entries: [SnapshotIndex.Entry]
    ) throws -> Bool {
        try entries.filter { $0.sequence > deletion.sequence }.suffix(Self.most)
            .contains { try (rowCount($0) ?? 0) * 2 >= count }
    }

    /// Of all tables; nil if they cannot be read.
    private func rowCount(_ entry: SnapshotIndex.Entry) throws -> Int? {
        guard let image = try images.image(entry) else { return nil }
        defer { if entry != present { images.discard(entry) } }
        let facts = try HealthFacts(imageAt: image)
        guard facts.integrity == .ok else { return nil }
        return facts.rowCounts.values.reduce(0, +)
    }
}
