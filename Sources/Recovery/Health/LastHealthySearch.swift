package import History
import LinuxSystem
import RepositoryFormat
import SystemPackage

/// Finds the newest healthy snapshot of a database. Few have a verdict: the watcher checks a database only
/// when it is idle.
struct LastHealthySearch {
    private let index: SnapshotIndex
    private let images: HistoricalImages

    /// Damage may be temporary: this many of the newest snapshots are examined one after the other, older
    /// ones in growing steps.
    private static let near = 16

    init(_ index: SnapshotIndex) throws {
        self.index = index
        images = try HistoricalImages(index.root)
    }

    /// The newest healthy snapshot of a database; nil if there is none, or if the steps find only damage. One
    /// without a table is used only if there is no other: a program that finds no database creates such a
    /// one.
    func newest(of file: FileID) throws -> SnapshotIndex.Entry? {
        try newest(of: file, hasTables: true) ?? newest(of: file, hasTables: false)
    }

    private func newest(of file: FileID, hasTables: Bool) throws -> SnapshotIndex.Entry? {
        let isHealthy = { (entry: SnapshotIndex.Entry) in try self.isHealthy(entry, hasTables: hasTables) }
        let entries = index.entries(in: .file(file)).filter { entry in
            entry.event != .deleted && index.declaration(of: file, at: entry.sequence)?.kind == .database
        }
        for entry in entries.suffix(Self.near).reversed() where try isHealthy(entry) { return entry }
        var high = max(0, entries.count - Self.near)
        var step = Self.near
        while high > 0 {
            let low = max(0, high - step)
            if try isHealthy(entries[low]) {
                let end = try entries[(low + 1)..<high].partitioningIndex { try !isHealthy($0) }
                return entries[end - 1]
            }
            high = low
            step *= 2
        }
        return nil
    }

    private func isHealthy(_ entry: SnapshotIndex.Entry, hasTables: Bool) throws -> Bool {
        let verdict = index.verdicts[entry.sequence]
        guard verdict != false, let image = try images.image(entry) else { return false }
        defer { images.discard(entry) }
        if verdict == nil, case .problems = try Integrity.check(databaseAt: image, .quick) { return false }
        return try !hasTables || FileStatus.of(image).sizeBytes > 0 && ImageDatabase(at: image).hasTables()
    }
}

extension SnapshotIndex {
    /// Finds the newest moment at which the databases in the scope exist and are healthy, so that
    /// `latest-good` means it. If one never was, the verdicts are not changed. Throws what a rebuild throws.
    package mutating func judgeNewest(in scope: HistoryScope) throws {
        let search = try LastHealthySearch(self)
        var last = SequenceNumber(.max)
        for file in filesThatWereDatabases where scope == .root || scope == .file(file) {
            let entries = entries(in: .file(file))
            guard let healthy = try search.newest(of: file) else { return }
            if let next = entries.first(where: { $0.sequence > healthy.sequence }) {
                last = min(last, next.sequence.previous)
            }
        }
        guard let moment = entries(in: scope).last(where: { $0.sequence <= last }) else { return }
        judge(moment.sequence)
    }
}
