import CSQLite
import GRDB
import LinuxFiles
package import Repository
package import SystemPackage

/// Brings rows of a former state back into the live database, in one transaction, beside programs that use it.
///
/// No trigger runs and no foreign key acts. Everything that was committed before is captured first; if somebody commits between
/// that and the lock, it is tried again.
package struct RowRestore {
    package struct Options: Sendable {
        /// How long to wait for programs that use the database.
        package var wait = Duration.seconds(10)
        /// Rows that are there with other values get their former ones.
        package var isOverwriting = false
        /// With all rows that refer to them, or did.
        package var withChildren = false
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
    private let images: PastImages

    /// - Parameters:
    ///   - entry: the snapshot of the database that has the rows.
    ///   - stamp: as for a restore in place.
    package init(
        _ root: RootDescription,
        _ entry: SnapshotIndex.Entry,
        at path: FilePath,
        _ options: Options,
        stamp: String,
        capture: @escaping InPlaceRestore.Capture
    ) throws {
        self.root = root
        self.entry = entry
        self.path = path
        self.options = options
        tags = RecoveryTags(.rows, stamp: stamp)
        self.capture = capture
        images = try PastImages(root)
        name = try SnapshotIndex(root).declaration(of: entry.file, at: entry.sequence)?.name ?? ""
    }

    /// The columns of a table's primary key, or its rowid, at that snapshot. Throws `RowError`.
    package func keyColumns(of table: String) throws -> [String] {
        guard let old = try images.image(entry) else { throw RowError.noTable(table, at: entry.sequence) }
        let shapes = try ImageDatabase(at: old).read { try TableShape.all(of: "main", in: $0) }
        guard let shape = shapes.values.first(where: { $0.name.isSameName(as: table) }) else {
            throw RowError.noTable(table, at: entry.sequence)
        }
        guard !shape.isVirtual else { throw RowError.isVirtual(table) }
        guard !shape.key.isEmpty else { throw RowError.noKey(table) }
        return shape.key
    }

    /// Calls `onRow` for each wanted row, with what would happen to it. Nothing is changed. Returns the counts.
    package func rehearse(
        _ table: String,
        _ selection: RowSelection,
        onRow: (RowChange) throws -> Void
    ) throws -> [RowCounts] {
        try with(table, selection) { set, old in
            let present = try present(at: capture([]))
            let queue = try DatabaseQueue(path: ImageDatabase.uri(present))
            return try queue.writeWithoutTransaction { database in
                let placement = try RowPlacement(set, of: old, database)
                try placement.each(onRow)
                return try placement.counts()
            }
        }
    }

    /// Rows that referred to the wanted ones then, and are missing at present or refer to nothing, by table.
    package func missingChildren(_ table: String, _ selection: RowSelection) throws -> [RowCounts] {
        guard let old = try images.image(entry) else { return [] }
        let set = try RowSet(
            table,
            selection,
            withChildren: true,
            of: old,
            at: entry.sequence,
            in: images.path(named: "children")
        )
        let queue = try DatabaseQueue(path: ImageDatabase.uri(present(at: capture([]))))
        return try queue.writeWithoutTransaction { database in
            try RowPlacement(set, of: old, database).counts().filter {
                !$0.table.isSameName(as: table) && $0[.missing] + $0[.unlinked] > 0
            }
        }
    }

    /// Returns what was done, and its entry in the history; nil if there was nothing to do.
    /// Throws `RowError`, `InPlaceError`, what a rebuild throws, and what `capture` throws.
    package func run(
        _ table: String,
        _ selection: RowSelection
    ) throws -> (counts: [RowCounts], entry: RecoveryEntry?) {
        let start = Tick.now
        return try with(table, selection) { set, old in
            guard let place = try LivePlace.of(name, in: root) else {
                throw SystemError("open", path, code: .noSuchFileOrDirectory)
            }
            let files = LiveFiles(place)
            let deadline = Tick.now.advanced(by: max(options.wait, .seconds(2)))
            try files.waitForCommit()
            var marks = [AnnotationWish.tag(tags.before, isAutomatic: true)]
            repeat {
                let stamp = try files.stamp()
                let before = try capture(marks)
                marks = []
                let counts = try apply(set, old, place) { try files.stamp().isSame(as: stamp) }
                guard let counts else { continue }
                let elapsed = start.duration(to: .now)
                return (counts, try conclude(counts, before, elapsed))
            } while Tick.now < deadline
            throw InPlaceError.restless(path, ProcessTable.writers(ofFileAt: place.path))
        }
    }

    private func with<Result>(
        _ table: String,
        _ selection: RowSelection,
        _ body: (RowSet, FilePath) throws -> Result
    ) throws -> Result {
        guard let old = try images.image(entry) else {
            throw RepositoryError.noSnapshot(entry.file, at: entry.sequence)
        }
        let set = try RowSet(
            table,
            selection,
            withChildren: options.withChildren,
            of: old,
            at: entry.sequence,
            in: images.path(named: "rows")
        )
        return try body(set, old)
    }

    private func present(at sequence: Sequence) throws -> FilePath {
        guard let latest = try SnapshotIndex(root).entry(of: entry.file, atOrBefore: sequence),
            let image = try images.image(latest)
        else { throw RepositoryError.noSnapshot(entry.file, at: sequence) }
        return image
    }

    /// One transaction. nil, and nothing is changed, when `isUnchanged`, which is asked once nobody else can write, says no.
    private func apply(
        _ set: RowSet,
        _ old: FilePath,
        _ place: DirectoryEntry,
        _ isUnchanged: () throws -> Bool
    ) throws -> [RowCounts]? {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        // For what is read of the schema.
        configuration.busyMode = .timeout(Double(options.wait.nanoseconds) / 1e9)
        let lockWait = LockWait(options.wait)
        do {
            let queue = try place.connect(configuration)
            return try queue.writeWithoutTransaction { database in
                guard unsafe sqlite_disable_triggers(database.sqliteConnection) == SQLITE_OK else {
                    throw RowError.refused("triggers cannot be switched off")
                }
                let placement = try RowPlacement(set, of: old, database)
                try database.execute(sql: "PRAGMA busy_timeout = 0")
                return try lockWait.run {
                    var counts: [RowCounts]?
                    try database.inTransaction(.immediate) {
                        guard try isUnchanged() else { return .rollback }
                        let found = try placement.counts()
                        try placement.apply(isOverwriting: options.isOverwriting)
                        counts = found
                        return .commit
                    }
                    return counts
                }
            }
        } catch let error as DatabaseError {
            throw InPlaceError(error, path, waited: lockWait.waited)
        }
    }

    private func conclude(
        _ counts: [RowCounts],
        _ before: Sequence,
        _ elapsed: Duration
    ) throws -> RecoveryEntry? {
        let overwritten = { (count: RowCounts) in
            options.isOverwriting ? count[.conflict] + count[.relinked] : 0
        }
        let tables = counts.compactMap { count -> RecoveryEntry.Table? in
            let changed = count[.unlinked] + overwritten(count)
            guard count[.missing] > 0 || changed > 0 else { return nil }
            return RecoveryEntry.Table(
                path: path.string,
                table: count.table,
                lost: 0,
                regained: count[.missing],
                changed: changed
            )
        }
        guard !tables.isEmpty else {
            _ = try capture([.tag(tags.after, isAutomatic: true)])
            return nil
        }
        do {
            let recovery = RecoveryEntry(
                .rows,
                time: .now,
                result: try capture([]),
                at: entry.sequence,
                before: [entry.file: before],
                tables: tables,
                elapsed: elapsed,
                reason: options.reason
            )
            try recovery.record(tags, before: before, capture)
            return recovery
        } catch {
            throw InPlaceError.unrecorded(path, tag: tags.before, String(describing: error))
        }
    }
}
