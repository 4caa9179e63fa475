import History
import LinuxSystem
import Recovery
import RepositoryFormat
import SystemPackage

/// What `diff` and `show` say of two moments.
struct DiffReport {
    let pair: SnapshotPair
    let target: Target
    /// The only one to compare; nil for all.
    var table: String?
    let isSummary: Bool
    /// Counts what is rebuilt.
    var progress: WorkProgress?
    let console: Console

    /// Shows between which moments, and then the files. Returns the status to end with: some tables may not
    /// be comparable.
    func show(from old: SnapshotIndex.Entry, to new: SnapshotIndex.Entry) throws -> ExitStatus {
        try console.result(
            json: DiffMomentsLine(
                fromSequence: old.sequence,
                fromTime: old.time,
                toSequence: new.sequence,
                toTime: new.time,
                path: target.path.string
            ),
            text:
                "\(target.path.printable) from snapshot \(old.text) to \(new.text)"
        )
        return try showFiles()
    }

    /// What was seen on the way.
    private struct Course {
        /// The table that was asked for is there at either moment.
        var wasFound = false
        /// All that are there.
        var tables: [String] = []
        var isComplete = true
        var isEmpty = true
    }

    func showFiles() throws -> ExitStatus {
        var course = Course()
        let changed = try pair.withoutUnchanged(target.root).files
        for file in changed {
            if file.isDatabase {
                try show(database: file, &course)
            } else if table == nil {
                course.isEmpty = false
                try show(plain: file)
            }
        }
        if let table, !course.wasFound, !changed.isEmpty {
            let question = didYouMean(course.tables.nearest(to: table))
            throw Failure(
                .notFound,
                "no table \(table.printable) at either moment: \(question)see "
                    + "\(SuggestedCommand("diff", "WHEN", target.path, "--summary"))"
            )
        }
        if course.isEmpty {
            let isAboutRows = pair.files.contains(where: \.isDatabase)
            try console.text(isAboutRows ? "no row and no definition differs" : "no file differs")
        }
        return course.isComplete ? .done : .partial
    }

    private func show(plain file: SnapshotPair.File) throws {
        let change = file.old == nil ? "added" : file.new == nil ? "removed" : "changed"
        try console.result(
            json: DiffFileLine(path: file.path.string, change: change),
            text: "\(file.path.printable): \(change)"
        )
    }

    private func show(database file: SnapshotPair.File, _ course: inout Course) throws {
        let images = try HistoricalImages(target.root, progress: progress)
        // One table is read page by page; for more of them, rebuilding is faster.
        let uri = { (entry: SnapshotIndex.Entry) throws in
            try table == nil ? images.image(entry).map { ImageURI($0) } : images.readable(entry)
        }
        try images.explaining {
            let diff = try ImageDiff(from: file.old.flatMap(uri), to: file.new.flatMap(uri))
            if let table, diff.views.contains(where: { $0.isSameName(as: table) }) {
                throw Failure(
                    .wrongUsage,
                    "\(table.printable) is a view: name one of the tables that it shows"
                )
            }
            course.tables += diff.tables
            for name in diff.tables where table?.isSameName(as: name) ?? true {
                course.wasFound = true
                let summary = try diff.summary(of: name)
                guard !summary.isEmpty else { continue }
                course.isEmpty = false
                try show(summary, file)
                if !summary.isCompared { course.isComplete = false }
                guard !isSummary, summary.isCompared else { continue }
                try diff.rows(of: name) { try show($0, file) }
            }
            for change in diff.schemaChanges where isMeant(change) {
                course.isEmpty = false
                try show(change, file)
            }
        }
    }

    private func show(_ summary: TableDiff, _ file: SnapshotPair.File) throws {
        let counts = [(summary.removed, "removed"), (summary.added, "added"), (summary.changed, "changed")]
        let parts = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" } + summary.notes.map(\.printable)
        let json = DiffTableLine(
            path: file.path.string,
            table: summary.table,
            added: summary.added,
            removed: summary.removed,
            changed: summary.changed,
            notes: summary.notes
        )
        let text = "\(name(file))\(summary.table.printable): \(parts.joined(separator: ", "))"
        try console.result(json: json, text: text)
    }

    private func isMeant(_ change: SchemaChange) -> Bool {
        guard let table else { return true }
        return change.table?.isSameName(as: table) ?? false
    }

    private func show(_ change: SchemaChange, _ file: SnapshotPair.File) throws {
        try console.result(
            json: DiffSchemaLine(change, path: file.path.string),
            text: name(file) + change.text(added: "added", removed: "removed")
        )
    }

    /// A single database goes without saying.
    private func name(_ file: SnapshotPair.File) -> String {
        pair.files.count { $0.isDatabase } > 1 ? "\(file.path.printable) " : ""
    }

    private func show(_ row: RowDiff, _ file: SnapshotPair.File) throws {
        let style = console.style
        let (sign, color) =
            switch row.kind {
            case .added: ("+", style.green)
            case .removed: ("-", style.red)
            case .changed: ("~", style.yellow)
            }
        try console.result(
            json: DiffRowLine(row, path: file.path.string),
            text: color("  \(sign) \(Self.text(row))")
        )
    }

    /// A changed row is its key and what differs.
    private static func text(_ row: RowDiff) -> String {
        switch row.kind {
        case .added: return row.new.text
        case .removed: return row.old.text
        case .changed:
            let changes = row.new.map { new in
                let old = row.old.first { $0.column.isSameName(as: new.column) }?.value ?? .null
                return "\(new.column.printable): \(old.printed) → \(new.value.printed)"
            }
            return "\(row.key.text)  \(changes.joined(separator: ", "))"
        }
    }
}

extension [RowDiff.Value] {
    /// As `id=1 name='a'`.
    var text: String { map { "\($0.column.printable)=\($0.value.printed)" }.joined(separator: " ") }
}
