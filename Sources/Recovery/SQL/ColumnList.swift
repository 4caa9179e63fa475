/// Columns in SQL, for rows with short names.
extension [String] {
    /// `"a", "b"`
    var list: String { map(\.sqlName).joined(separator: ", ") }

    /// `r."a", r."b"`
    func list(of row: String) -> String { map { "\(row).\($0.sqlName)" }.joined(separator: ", ") }

    /// The condition that two rows differ in any of them, byte for byte: neither collation nor affinity makes
    /// values equal.
    func differ(in left: String, and right: String) -> String {
        map { column in
            let (one, other) = ("\(left).\(column.sqlName)", "\(right).\(column.sqlName)")
            return "(\(one) IS NOT \(other) COLLATE BINARY OR typeof(\(one)) <> typeof(\(other)))"
        }
        .anyOf
    }

    /// Conditions of which at least one must be true.
    var anyOf: String { isEmpty ? "0" : joinedAsTree(by: "OR") }

    /// Conditions that must all be true.
    var allOf: String { isEmpty ? "1" : joinedAsTree(by: "AND") }

    /// SQLite accepts expressions up to 1,000 levels deep (sqlite.org/limits.html, SQLITE_MAX_EXPR_DEPTH).
    private func joinedAsTree(by word: String) -> String {
        guard count > 1 else { return self[0] }
        let middle = count / 2
        let halves = [Array(self[..<middle]), Array(self[middle...])].map { $0.joinedAsTree(by: word) }
        return "(\(halves[0]) \(word) \(halves[1]))"
    }

    /// Whether it is among them: SQL ignores the case of ASCII letters in names.
    func containsName(_ name: String) -> Bool { contains { $0.isSameName(as: name) } }

    /// In parts that SQLite accepts as the columns of one result, with room for a rowid
    /// (sqlite.org/limits.html, SQLITE_MAX_COLUMN).
    var parts: [[String]] {
        let most = 1_000
        guard count > most else { return [self] }
        return stride(from: 0, to: count, by: most).map { Array(self[$0..<Swift.min($0 + most, count)]) }
    }

    /// Those that others have as well.
    func common(with others: [String]) -> [String] {
        let known = Set(others.map(SQLName.init))
        return filter { known.contains(SQLName($0)) }
    }

    /// Those that others lack.
    func missing(in others: [String]) -> [String] {
        let known = Set(others.map(SQLName.init))
        return filter { !known.contains(SQLName($0)) }
    }

    /// The names in the spelling of others with the same meaning.
    func spelled(as others: [String]) -> [String] {
        let known = Dictionary(others.map { (SQLName($0), $0) }) { first, _ in first }
        return map { known[named: $0] ?? $0 }
    }

    /// Whether they have the same meaning, in the same order.
    func isSameNames(as others: [String]) -> Bool { map(SQLName.init) == others.map(SQLName.init) }
}
