import History
import LinuxSystem
import Recovery
import RepositoryFormat
import SystemPackage

/// What `find` says of rows that are gone.
struct FoundRowsReport {
    let table: String
    let database: FilePath
    let index: SnapshotIndex
    let source: RemoteSource
    let console: Console

    /// - Parameter rows: by their last snapshot.
    func show(_ rows: [DeletedRows.Row]) throws {
        var rest = rows[...]
        while let first = rest.first {
            let group = rest.prefix { $0.last.sequence == first.last.sequence }
            rest = rest.dropFirst(group.count)
            try show(group: Array(group))
        }
    }

    private func show(group: [DeletedRows.Row]) throws {
        let last = group[0].last
        let time = index.entry(at: last.sequence)?.time ?? last.time
        let age = "\(time.pasteableText), \(time.ageText(now: .now))"
        try console.text(
            console.style.bold("snapshot \(last.sequence) (\(age)): \(Quantity.text(rows: group.count))")
        )
        for row in group {
            let json = DeletedRowLine(
                table: table,
                key: SQLRow(row.key),
                row: SQLRow(row.row),
                lastSequence: last.sequence,
                lastTime: time,
                path: database.string
            )
            try console.result(json: json, text: "  \(row.text)")
        }
        for command in commands(for: group) { try console.text("  \(command)") }
    }

    /// Rows are restored in place, which a copy of a remote is no way back from.
    private func commands(for group: [DeletedRows.Row]) -> [SuggestedCommand] {
        guard source.from != nil else {
            return RestoreArguments.commands(for: group, of: table, in: database)
        }
        return [FormerDatabase(database, at: group[0].last.sequence).copy(source.words)]
    }
}

extension DeletedRows.Row {
    /// Its values, and before them the rowid if that is its key.
    fileprivate var text: String {
        let hidden = key.filter { part in !row.contains { $0.column.isSameName(as: part.column) } }
        return (hidden + row.filter { $0.value != .null }).text
    }
}
