package import LinuxSystem
import RepositoryFormat
package import SystemPackage

/// The commands that restore deleted rows.
package enum RestoreArguments {
    /// A command line has limited room.
    private static let most = 100

    /// The commands for rows of a table that have the same last snapshot.
    package static func commands(
        for rows: [DeletedRows.Row],
        of table: String,
        in database: FilePath
    ) -> [SuggestedCommand] {
        stride(from: 0, to: rows.count, by: most).map { start in
            let part = rows[start..<min(start + most, rows.count)]
            let keys = part.map { $0.key.map { RowKeyText.text(of: $0.value) } }
            let plain = keys.flatMap { $0 }.compactMap(\.self)
            let isPlain = plain.count == keys.reduce(0) { $0 + $1.count }
            let selection = isPlain ? plain : ["--where", condition(part.map(\.key))]
            var words: [any SuggestedWord] = ["rows", "restore", table]
            words += selection
            words += [database, "--at", "\(part.last!.last.sequence)"]
            return SuggestedCommand(words)
        }
    }

    /// SQL that is true for the rows with these keys.
    private static func condition(_ keys: [[RowDiff.Value]]) -> String {
        keys.map { key in key.map { "\($0.column.sqlName) IS \($0.value.literal)" }.allOf }.anyOf
    }
}
