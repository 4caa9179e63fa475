import GRDB
import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
import SQLiteFiles

/// What each snapshot of a database changed in one table.
///
/// All snapshots are applied to one image, of which SQLite reads only what it needs. Of these it compares the
/// table with its state before:
/// 1. Those that changed a page of the table's b-tree.
/// 2. Those that changed the schema's version (sqlite.org/fileformat2.html, section 1.3.9).
/// 3. Those that are not a single transaction.
package final class TableHistory {
    /// A snapshot in which the table is not what it was before.
    package struct Change {
        package let state: SnapshotState
        /// The last snapshot with the former state of the table; nil for the first one that was examined.
        package let before: SnapshotState?
        /// If rows cannot be compared, as many count as added or removed as there are more or fewer.
        package let summary: TableDiff
        private let images: ImageDiff

        fileprivate init(
            _ state: SnapshotState,
            before: SnapshotState?,
            _ summary: TableDiff,
            _ images: ImageDiff
        ) {
            (self.state, self.before, self.summary, self.images) = (state, before, summary, images)
        }

        /// The table in the former state; nil if there was none.
        var formerShape: TableShape? { images.oldShape(of: summary.table) }

        /// Throws `SQLError` if SQL is no condition on the table's rows before, or if there was no such
        /// table, on those after.
        func check(_ condition: String) throws { try images.check(condition, on: summary.table) }

        /// Calls `body` for each removed row that meets the condition, and then for each added row.
        func eachRemovedOrAdded(ifRemoved condition: String?, _ body: (RowDiff) throws -> Void) throws {
            try images.rows(of: summary.table, [.removed, .added], ifRemoved: condition, body)
        }
    }

    private let root: RootDescription
    private let file: FileID
    private let table: String
    private let sequences: ClosedRange<SequenceNumber>
    private let images: HistoricalImages
    /// The image as of the last examined snapshot.
    private var former: FollowingImage
    /// The table in that copy.
    private var known = TableState.noDatabase
    private var previous: SnapshotState?
    private var hadTable = false
    private var wasView = false
    /// The table that was probably meant, if there is none of that name.
    private var similar: String?
    /// The number of snapshots that SQLite has read.
    package private(set) var examinedCount = 0

    /// - Parameter sequences: only these snapshots are examined. Before the first of them there is no table.
    package init(
        _ root: RootDescription,
        _ file: FileID,
        table: String,
        in sequences: ClosedRange<SequenceNumber> = .none ... .last
    ) throws {
        (self.root, self.file, self.table, self.sequences) = (root, file, table, sequences)
        images = try HistoricalImages(root)
        former = FollowingImage(in: images.directory)
    }

    /// Calls `onChange` for each snapshot that changed the table, oldest first. Throws `RowError` when no
    /// snapshot had such a table, what a rebuild throws, and what `onChange` throws.
    package func run(_ onChange: (Change) throws -> Void) throws {
        try images.explaining {
            try HistoryReplay(root).run(file, in: images.directory) { step in
                former.note(step)
                guard sequences.contains(step.state.sequence) else { return }
                guard try mayDiffer(step) else { return previous = step.state }
                examinedCount += 1
                try examine(step.image(), onChange)
            }
        }
        if !hadTable {
            throw wasView ? RowError.isView(table) : RowError.noTable(table, at: .none, similar: similar)
        }
    }

    private func mayDiffer(_ step: HistoryReplay.Step) throws -> Bool {
        guard former.image != nil, let pages = step.pages, step.state.event == .commit,
            !pages.intersects(known.pages)
        else { return true }
        guard pages.contains(PageNumber(1)) else { return false }
        return try DatabaseHeader(of: step.image())?.schemaCookie != known.cookie
    }

    private func examine(_ image: PastImage, _ onChange: (Change) throws -> Void) throws {
        let header = try DatabaseHeader(of: image)
        let (next, change): (TableState, Change?)
        do {
            (next, change) = try images.explaining {
                let (next, diff) = try compare(image, header)
                return (next, try self.change(image.snapshot, diff))
            }
        } catch let error as DatabaseError where error.isDamage {
            // Nobody knows which rows it has. The next readable state is compared with the one before.
            if let header { known.depend(onEveryPageOf: image, header) }
            return
        }
        if let change { try onChange(change) }
        try former.follow(image)
        (known, previous) = (next, image.snapshot)
    }

    /// The table in the image, and a comparison with the image before.
    private func compare(
        _ image: PastImage,
        _ header: DatabaseHeader?
    ) throws -> (TableState, ImageDiff) {
        let copy = known.cookie == nil ? nil : former.image
        let old = try copy.map { try images.readable($0, named: "former") }
        guard let header else { return (.noDatabase, try ImageDiff(from: old, to: nil)) }
        let new = try images.readable(image, named: "history")
        // A transaction that changes the schema changes its version.
        guard let old, image.snapshot.event == .commit, header.schemaCookie == known.cookie,
            let schema = known.schema
        else {
            let diff = try ImageDiff(from: old, to: new)
            let shape = diff.newShape(of: table)
            return (try TableState(of: shape, in: image, at: new, header, diff.newSchema), diff)
        }
        let next = try TableState(of: schema.tables[named: table], in: image, at: new, header, schema)
        let touched = image.snapshot.shape.pageSize == header.pageSize ? former.differing : nil
        let rowIDs = known.rowIDs(differingIn: next, touched)
        return (next, try ImageDiff(from: old, to: new, both: schema, rowIDs: rowIDs))
    }

    private func change(_ state: SnapshotState, _ diff: ImageDiff) throws -> Change? {
        guard let shape = diff.newShape(of: table) ?? diff.oldShape(of: table) else {
            wasView = wasView || diff.views.containsName(table)
            similar = diff.tables.nearest(to: table)
            return nil
        }
        hadTable = true
        guard !shape.isVirtual else { throw RowError.isVirtual(table) }
        var summary = try diff.summary(of: table)
        if !summary.isCompared {
            let counts = try diff.rowCounts(of: table)
            summary.added = max(0, counts.new - counts.old)
            summary.removed = max(0, counts.old - counts.new)
        }
        return summary.isEmpty ? nil : Change(state, before: previous, summary, diff)
    }
}
