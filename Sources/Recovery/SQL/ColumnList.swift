/// Columns in SQL, of rows that it calls by short names.
extension [String] {
    /// `r."a", r."b"`
    func list(of row: String) -> String { map { "\(row).\($0.sqlName)" }.joined(separator: ", ") }

    /// That two rows have the same values. That of `left` counts for collation and affinity, as for the use of an index.
    func areSame(in left: String, and right: String) -> String {
        map { "\(left).\($0.sqlName) IS \(right).\($0.sqlName)" }.joined(separator: " AND ")
    }

    /// That two rows differ in any of them, byte for byte: neither collation nor affinity makes values equal.
    func differ(in left: String, and right: String) -> String {
        guard !isEmpty else { return "0" }
        return map { column in
            let (one, other) = ("\(left).\(column.sqlName)", "\(right).\(column.sqlName)")
            return "\(one) IS NOT \(other) COLLATE BINARY OR typeof(\(one)) <> typeof(\(other))"
        }
        .joined(separator: " OR ")
    }
}

extension String {
    /// The name as SQL takes any name.
    var sqlName: String { "\"" + replacing("\"", with: "\"\"") + "\"" }
}
