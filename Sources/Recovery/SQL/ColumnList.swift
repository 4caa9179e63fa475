/// Columns in SQL, of rows that it calls by short names.
extension [String] {
    /// `r."a", r."b"`
    func list(of row: String) -> String { map { "\(row).\($0.sqlName)" }.joined(separator: ", ") }

    /// That two rows differ in any of them, byte for byte: neither collation nor affinity makes values equal.
    func differ(in left: String, and right: String) -> String {
        map { column in
            let (one, other) = ("\(left).\(column.sqlName)", "\(right).\(column.sqlName)")
            return "(\(one) IS NOT \(other) COLLATE BINARY OR typeof(\(one)) <> typeof(\(other)))"
        }
        .anyOf
    }

    /// Conditions of which one must hold. As a tree, for SQLite takes an expression for a thousand levels deep at most
    /// (sqlite.org/limits.html, SQLITE_MAX_EXPR_DEPTH).
    var anyOf: String {
        guard count > 1 else { return first ?? "0" }
        let middle = count / 2
        return "(\(Array(self[..<middle]).anyOf) OR \(Array(self[middle...]).anyOf))"
    }

    /// Whether it is among them: SQL does not tell upper from lower case in names of ASCII letters.
    func containsName(_ name: String) -> Bool { contains { $0.isSameName(as: name) } }

    /// The names, written as others write them that mean the same.
    func spelled(as others: [String]) -> [String] {
        map { name in others.first { $0.isSameName(as: name) } ?? name }
    }
}

extension String {
    /// The name as SQL takes any name.
    var sqlName: String { "\"" + replacing("\"", with: "\"\"") + "\"" }

    /// Whether SQL takes the two for one name.
    func isSameName(as other: String) -> Bool {
        self == other
            || utf8.lazy.map(\.asciiLowercased).elementsEqual(other.utf8.lazy.map(\.asciiLowercased))
    }
}

extension UInt8 {
    fileprivate var asciiLowercased: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}
