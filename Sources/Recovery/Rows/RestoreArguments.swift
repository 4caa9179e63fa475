package import LinuxSystem
import RepositoryFormat
package import SystemPackage

/// The commands that restore deleted rows.
package enum RestoreArguments {
    /// A command line has limited room.
    private static let most = 100

    /// The commands for rows of a table that have the same last snapshot. Where `rows restore` would refuse
    /// them, a command gets them in another way.
    package static func commands(
        for rows: [DeletedRows.Row],
        of table: String,
        in database: FilePath
    ) -> [SuggestedCommand] {
        guard let last = rows.last?.last.sequence else { return [] }
        let former = FormerDatabase(database, at: last)
        let restored = parts(rows.filter { $0.way == .restore }).map { part in
            let keys = part.compactMap(\.keyWords)
            let selection =
                keys.count == part.count ? keys.flatMap(\.self) : ["--where", condition(part.map(\.key))]
            var words: [any SuggestedWord] = ["rows", "restore", table]
            words += selection
            words += [database, "--at", "\(last)"]
            return SuggestedCommand(words)
        }
        let shown = parts(rows.filter { $0.way == .query }).map { part in
            former.rows(of: table, where: condition(part.map(\.key)))
        }
        return restored + shown + (rows.contains { $0.way == .copy } ? [former.copy()] : [])
    }

    private static func parts(_ rows: [DeletedRows.Row]) -> [[DeletedRows.Row]] {
        stride(from: 0, to: rows.count, by: most).map { Array(rows[$0..<min($0 + most, rows.count)]) }
    }

    /// SQL that is true for the rows with these keys.
    private static func condition(_ keys: [[RowDiff.Value]]) -> String {
        keys.map { key in key.map { "\($0.column.sqlName) IS \($0.value.literal)" }.allOf }.anyOf
    }
}
