/// A difference between the schemas of two images, other than tables and columns that come or go: an index,
/// a trigger, a view, another rule of a table, `user_version`.
package struct SchemaChange: Hashable, Sendable {
    /// `table`, `index`, `trigger` or `view` (sqlite.org/schematab.html); `pragma` for `user_version`.
    package let type: String
    package let name: String
    /// The table that it belongs to, or that is the name of the view; nil for a pragma.
    package let table: String?
    /// The statement that makes it, or the value; nil: there was none.
    package let old: String?
    package let new: String?
}

extension Schema {
    /// What differs, by table. `isSameTable`: whether there is such a table in both, with the same columns.
    func changes(to new: Schema, isSameTable: (SQLName) -> Bool) -> [SchemaChange] {
        var changes: [SchemaChange] = []
        for key in Set(definitions.keys).union(new.definitions.keys) {
            let (before, after) = (definitions[key], new.definitions[key])
            guard before != after, key.type != "table" || isSameTable(key.name) else { continue }
            changes.append(
                SchemaChange(
                    type: key.type,
                    name: key.name.text,
                    table: (after ?? before)?.table.text,
                    old: before?.text.lossyString,
                    new: after?.text.lossyString
                )
            )
        }
        changes.sort { ($0.table ?? "", $0.type, $0.name) < ($1.table ?? "", $1.type, $1.name) }
        guard userVersion != new.userVersion else { return changes }
        let version = SchemaChange(
            type: "pragma",
            name: "user_version",
            table: nil,
            old: String(userVersion),
            new: String(new.userVersion)
        )
        return changes + [version]
    }
}
