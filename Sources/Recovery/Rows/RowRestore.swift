import CSQLite
import GRDB
package import History
import LinuxSystem
package import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Restores rows of a former state into the live database, in one transaction, beside programs that use it.
///
/// No trigger runs and no foreign key action is taken. Everything committed before is captured first. If a
/// program commits between the capture and the lock, the restore is tried again.
package struct RowRestore {
    package struct Options: Sendable {
        /// How long to wait for programs that use the database.
        package var wait = Duration.seconds(10)
        /// Existing rows with other values get their former ones.
        package var isOverwriting = false
        /// Includes all rows that refer to them, or did.
        package var withChildren = false
        /// Full-text indexes over the tables are rebuilt.
        package var rebuildsIndexes = false
        package var reason = ""

        package init() {}
    }

    private let root: RootDescription
    private let entry: SnapshotIndex.Entry
    /// The live database.
    private let path: FilePath
    /// Relative to the root.
    private let name: FilePath
    private let options: Options
    private let capture: InPlaceRestore.Capture
    private let tags: RecoveryTags
    private let images: HistoricalImages

    /// - Parameter entry: the snapshot of the database that has the rows.
    package init(
        _ index: SnapshotIndex,
        _ entry: SnapshotIndex.Entry,
        _ options: Options,
        capture: @escaping InPlaceRestore.Capture
    ) throws {
        root = index.root
        self.entry = entry
        path = index.path(of: entry.file, at: entry.sequence)
        name = index.declaration(of: entry.file, at: entry.sequence)?.name ?? ""
        self.options = options
        tags = index.freeTags(for: .rows)
        self.capture = capture
        images = try HistoricalImages(root)
    }

    /// The columns of a table's primary key, or its rowid, at that snapshot. Throws `RowError`.
    package func keyColumns(of table: String) throws -> [String] {
        guard let old = try images.readable(entry) else {
            throw RowError.noTable(table, at: entry.sequence)
        }
        let shapes = try images.explaining {
            try ImageDatabase(old).read { try TableShape.all(of: "main", in: $0) }
        }
        guard let shape = shapes[named: table] else {
            throw RowError.missing(table, in: old, at: entry.sequence)
        }
        guard !shape.isVirtual else { throw RowError.isVirtual(table) }
        guard !shape.key.isEmpty else { throw RowError.noKey(table) }
        return shape.key
    }

    /// A dry run with a copy of the current database. Calls `onRow` for each wanted row, with the effect on
    /// it.
    package func dryRun(
        _ table: String,
        _ selection: RowSelection,
        onRow: (RowChange) throws -> Void
    ) throws -> RowOutcome {
        let (set, old) = try rows(table, selection, withChildren: options.withChildren)
        let copy = images.path(named: "dry-run")
        let place = try livePlace()
        try LivePlace.refuseObstacles(to: name, in: root)
        let deadline = MonotonicInstant.now.advanced(by: options.wait)
        let present = try CapturedState.seeing(name, at: path, until: deadline) { try capture([]) }
        try FileCopy.copy(self.present(at: present, images.image), to: copy)
        // In WAL mode it would need sidecars.
        try OpenFile(copy, .update).setFileFormat(isWAL: false)
        let outcome = try refusing {
            let queue = try DatabaseQueue(path: copy.string, configuration: .withoutForeignKeys)
            return try queue.writeWithoutTransaction { database in
                try tried(set, old, database, onRow)
            }
        }
        try DatabaseLocks.waitUntilFree(place, path, wait: options.wait)
        return outcome
    }

    private func tried(
        _ set: RowSet,
        _ old: ImageURI,
        _ database: Database,
        _ onRow: (RowChange) throws -> Void
    ) throws -> RowOutcome {
        let placement = try Self.placement(set, old, database)
        var outcome = RowOutcome(counts: [], exceptions: [])
        try database.inTransaction {
            outcome = try write(placement, database)
            return .rollback
        }
        outcome = try completed(outcome, placement, database)
        let exceptions = Set(outcome.exceptions.map { [$0.table] + $0.key.map(\.value.literal) })
        try placement.each { row in
            let isException = exceptions.contains([row.table] + row.key.map(\.value.literal))
            let isRestored = [.missing, .unlinked, .relinked].contains(row.kind)
            if !isRestored || !isException { try onRow(row) }
        }
        return outcome
    }

    /// The live database. Throws `InPlaceError.gone`.
    private func livePlace() throws -> DirectoryEntry {
        guard let place = try LivePlace.of(name, in: root), try place.statusUnlessMissing() != nil else {
            throw InPlaceError.gone(path)
        }
        return place
    }

    /// Translates SQLite's errors.
    private func refusing<Value>(since wait: LockWait? = nil, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw InPlaceError(error, path, waited: wait?.waited ?? .zero)
        }
    }

    private static func placement(_ set: RowSet, _ old: ImageURI, _ database: Database) throws -> RowPlacement
    {
        guard unsafe sqlite_disable_triggers(database.sqliteConnection) == SQLITE_OK else {
            throw RowError.refused("triggers cannot be switched off")
        }
        // With this setting, rows that others replace are reported.
        try database.execute(sql: "PRAGMA recursive_triggers = ON")
        do {
            return try RowPlacement(set, of: old, database)
        } catch let error as DatabaseError {
            throw RowError(error, set.former) ?? error as any Error
        }
    }

    private func write(_ placement: RowPlacement, _ database: Database) throws -> RowOutcome {
        var outcome: RowOutcome
        do {
            outcome = try placement.apply(isOverwriting: options.isOverwriting)
        } catch let error as DatabaseError {
            throw RowError(error, placement.set.former) ?? error as any Error
        }
        if options.rebuildsIndexes {
            outcome.dependents = try dependents(of: outcome, database).map { try $0.rebuilt(in: database) }
        }
        return outcome
    }

    private func hasChanges(_ outcome: RowOutcome) -> Bool {
        outcome.counts.contains { $0.changes(options.isOverwriting) > 0 }
    }

    private func dependents(of outcome: RowOutcome, _ database: Database) throws -> [RowDependent] {
        let tables = outcome.counts.filter { $0.changes(options.isOverwriting) > 0 }.map(\.table)
        return try RowDependent.all(of: tables, in: database)
    }

    /// Adds the parts of the outcome that need only reading, so that no program waits for the lock meanwhile.
    private func completed(
        _ outcome: RowOutcome,
        _ placement: RowPlacement,
        _ database: Database
    ) throws -> RowOutcome {
        var outcome = outcome
        if !options.isOverwriting, outcome.counts.contains(where: { $0[.conflict] + $0[.relinked] > 0 }) {
            try placement.each { if [.conflict, .relinked].contains($0.kind) { outcome.left.append($0) } }
        }
        if !options.rebuildsIndexes { outcome.dependents = try dependents(of: outcome, database) }
        return outcome
    }

    /// Rows that referred to the wanted ones then, and were missing at `present` or referred to nothing, by
    /// table.
    package func missingChildren(
        _ table: String,
        _ selection: RowSelection,
        at present: SequenceNumber
    ) throws -> [RowCounts] {
        let (set, old) = try rows(table, selection, withChildren: true)
        // Where nothing refers to the table, the present is not read.
        guard set.tables.count > 1 || !set.links.isEmpty else { return [] }
        let image = try self.present(at: present, images.readable)
        return try images.explaining {
            try DatabaseQueue(path: image.text).writeWithoutTransaction { database in
                try RowPlacement(set, of: old, database).counts().filter {
                    !$0.table.isSameName(as: table) && $0[.missing] + $0[.unlinked] > 0
                }
            }
        }
    }

    /// Returns the result, its entry in the history (nil if there was nothing to do) and the root's last
    /// snapshot afterwards. Throws `RowError`, `InPlaceError`, what a rebuild throws, and what `capture`
    /// throws.
    package func run(
        _ table: String,
        _ selection: RowSelection
    ) throws -> (outcome: RowOutcome, entry: RecoveryEntry?, present: SequenceNumber) {
        let start = MonotonicInstant.now
        let (set, old) = try rows(table, selection, withChildren: options.withChildren)
        let place = try livePlace()
        let begun = BegunRecovery(tags.before, capture)
        let files = LiveFiles(place)
        let (applied, before) = try begun.run {
            try files.waitForCommit()
            return try files.changeAsCaptured(path, wait: options.wait) { deadline in
                try CapturedState.seeing(name, at: path, until: deadline, begun.captured)
            } change: { before, isUnchanged in
                try begun.change(
                    isUnchanged,
                    hasChanged: { $0.map { hasChanges($0.outcome) } ?? false }
                ) {
                    try apply(set, old, place, isUnchanged)
                }
                .map { ($0, before) }
            }
        }
        guard let entry = try conclude(applied.outcome.counts, before, start.duration(to: .now)) else {
            begun.endIfUnchanged()
            return (try applied.completed.get(), nil, before)
        }
        return (try applied.completed.get(), entry, entry.result)
    }

    /// The selected rows, and the former image that has them.
    private func rows(
        _ table: String,
        _ selection: RowSelection,
        withChildren: Bool
    ) throws -> (RowSet, ImageURI) {
        guard let old = try images.readable(entry) else {
            throw RepositoryError.noSnapshot(entry.file, at: entry.sequence)
        }
        let set = try images.explaining {
            try RowSet(
                table,
                selection,
                withChildren: withChildren,
                of: old,
                from: FormerDatabase(path, at: entry.sequence),
                in: images.path(named: withChildren ? "children" : "rows")
            )
        }
        return (set, old)
    }

    /// The image of the database at that moment. `make`: that of a snapshot.
    private func present<Image>(
        at sequence: SequenceNumber,
        _ make: (SnapshotIndex.Entry) throws -> Image?
    ) throws -> Image {
        guard let latest = try SnapshotIndex(root).entry(of: entry.file, atOrBefore: sequence),
            let image = try make(latest)
        else { throw RepositoryError.noSnapshot(entry.file, at: sequence) }
        return image
    }

    /// One transaction. `isUnchanged` is called once no other program can write. If it returns false, nothing
    /// is changed and the result is nil.
    private func apply(
        _ set: RowSet,
        _ old: ImageURI,
        _ place: DirectoryEntry,
        _ isUnchanged: () throws -> Bool
    ) throws -> Applied? {
        let lockWait = LockWait(options.wait)
        var configuration = Configuration.withoutForeignKeys
        // For reading the schema.
        configuration.busyMode = lockWait.busyMode
        return try refusing(since: lockWait) {
            let queue = try place.connect(configuration)
            return try queue.writeWithoutTransaction { database in
                let placement = try Self.placement(set, old, database)
                try database.execute(sql: "PRAGMA busy_timeout = 0")
                let outcome = try lockWait.run {
                    var outcome: RowOutcome?
                    try database.inTransaction(.immediate) {
                        guard try isUnchanged() else { return .rollback }
                        outcome = try write(placement, database)
                        return .commit
                    }
                    return outcome
                }
                return outcome.map { done in
                    // The rows are there, and must be recorded even if the rest cannot be read.
                    let rest = Result {
                        try refusing(since: lockWait) {
                            try lockWait.run { try completed(done, placement, database) }
                        }
                    }
                    return Applied(outcome: done, completed: rest)
                }
            }
        }
    }

    /// Rows that were restored.
    private struct Applied {
        let outcome: RowOutcome
        /// The same with the parts that need only reading.
        let completed: Result<RowOutcome, any Error>
    }

    private func conclude(
        _ counts: [RowCounts],
        _ before: SequenceNumber,
        _ elapsed: Duration
    ) throws -> RecoveryEntry? {
        let tables = counts.compactMap { count -> RecoveryEntry.Table? in
            let changes = count.changes(options.isOverwriting)
            guard changes > 0 else { return nil }
            return RecoveryEntry.Table(
                path: path.string,
                table: count.table,
                lost: count[.displaced],
                regained: count[.missing],
                changed: changes - count[.missing] - count[.displaced]
            )
        }
        guard !tables.isEmpty else { return nil }
        do {
            var recovery = RecoveryEntry(
                .rows,
                time: .now,
                result: .none,
                at: entry.sequence,
                before: [entry.file: before],
                tables: tables,
                elapsed: elapsed,
                reason: options.reason
            )
            // The result is captured, and recorded with it.
            recovery.result = try recovery.record(tags, before: before, capture)
            return recovery
        } catch {
            throw InPlaceError.unrecorded(path, tag: tags.before, String(describing: error))
        }
    }
}

extension RowCounts {
    /// How many rows of the table differ afterwards.
    fileprivate func changes(_ isOverwriting: Bool) -> Int {
        self[.missing] + self[.unlinked] + self[.displaced]
            + (isOverwriting ? self[.conflict] + self[.relinked] : 0)
    }
}
