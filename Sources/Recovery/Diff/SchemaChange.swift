/// A difference between the schemas of two images other than added or removed tables and columns. It may be
/// an index, a trigger, a view, another rule of a table, or `user_version`.
package struct SchemaChange: Hashable, Sendable {
    /// `table`, `index`, `trigger` or `view` (sqlite.org/schematab.html); `pragma` for `user_version`.
    package let type: String
    package let name: String
    /// Its table, or the name of the view; nil for a pragma.
    package let table: String?
    /// The statement that creates it, or the value; nil: there was none.
    package let old: String?
    package let new: String?
}

extension Schema {
    /// The differences, by table. `isSameTable`: whether both have such a table, with the same columns.
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
