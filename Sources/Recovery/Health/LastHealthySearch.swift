package import History
import LinuxSystem
import RepositoryFormat
import SystemPackage

/// Finds the newest healthy snapshot of a database. Few have a verdict: the watcher checks a database only
/// when it is idle.
struct LastHealthySearch {
    struct Found {
        let entry: SnapshotIndex.Entry
        /// Why not all could be checked; nil if it was.
        let unchecked: String?
    }

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
    func newest(of file: FileID) throws -> Found? {
        try newest(of: file, hasTables: true) ?? newest(of: file, hasTables: false)
    }

    private func newest(of file: FileID, hasTables: Bool) throws -> Found? {
        let examine = { (entry: SnapshotIndex.Entry) in try self.examine(entry, hasTables: hasTables) }
        let entries = index.entries(in: .file(file)).filter { entry in
            entry.event != .deleted && index.declaration(of: file, at: entry.sequence)?.kind == .database
        }
        for entry in entries.suffix(Self.near).reversed() {
            if let found = try examine(entry) { return found }
        }
        var high = max(0, entries.count - Self.near)
        var step = Self.near
        while high > 0 {
            let low = max(0, high - step)
            if var newest = try examine(entries[low]) {
                _ = try entries[(low + 1)..<high].partitioningIndex { entry in
                    guard let found = try examine(entry) else { return true }
                    newest = found
                    return false
                }
                return newest
            }
            high = low
            step *= 2
        }
        return nil
    }

    /// Nil if it is not healthy.
    private func examine(_ entry: SnapshotIndex.Entry, hasTables: Bool) throws -> Found? {
        let verdict = index.verdicts[entry.sequence]
        guard verdict != false, let image = try images.image(entry) else { return nil }
        defer { images.discard(entry) }
        var unchecked = index.unchecked[entry.sequence]
        if verdict == nil {
            switch try Integrity.check(databaseAt: image, .quick) {
            case .problems: return nil
            case .unchecked(let reason): unchecked = reason
            case .ok, .notApplicable: break
            }
        }
        if hasTables {
            guard try FileStatus.of(image).sizeBytes > 0, try ImageDatabase(at: image).hasTables() else {
                return nil
            }
        }
        return Found(entry: entry, unchecked: unchecked)
    }
}

extension SnapshotIndex {
    /// Finds the newest moment at which the databases in the scope exist and are healthy, so that
    /// `latest-good` means it. If one never was, the verdicts are not changed. Throws what a rebuild throws.
    package mutating func judgeNewest(in scope: HistoryScope) throws {
        let search = try LastHealthySearch(self)
        var last = SequenceNumber(.max)
        var unchecked: [FileID: String] = [:]
        for file in filesThatWereDatabases where scope == .root || scope == .file(file) {
            let entries = entries(in: .file(file))
            guard let healthy = try search.newest(of: file) else { return }
            unchecked[file] = healthy.unchecked
            if let next = entries.first(where: { $0.sequence > healthy.entry.sequence }) {
                last = min(last, next.sequence.previous)
            }
        }
        guard let moment = entries(in: scope).last(where: { $0.sequence <= last }) else { return }
        judge(moment.sequence, unchecked: unchecked[moment.file])
    }
}
