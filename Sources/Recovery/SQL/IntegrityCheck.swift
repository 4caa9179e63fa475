import GRDB

/// SQLite's check of a database, as far as possible without the program to which the database belongs.
///
/// A missing collation or function would end the check before it begins. With a stand-in, everything that
/// does not depend on it is checked. Of a schema that this SQLite cannot parse, the parsable part is checked.
struct IntegrityCheck {
    private let database: Database
    private let check: Integrity.Check
    /// The missing parts, in SQLite's words.
    private var reasons: [String] = []
    private var collations: Set<String> = []
    private var functions: Set<String> = []
    private let isSchemaPartial: Bool

    init(_ database: Database, _ check: Integrity.Check) throws {
        self.database = database
        self.check = check
        isSchemaPartial = try database.hasPartialSchema
        if isSchemaPartial { reasons.append("this SQLite cannot parse the whole schema") }
    }

    /// Throws `DatabaseError`, which may itself be the result.
    mutating func run() throws -> Integrity {
        let lines = try lines().flatMap { $0.split(whereSeparator: \.isNewline).map(String.init) }
            // The name of the connection's database is obvious.
            .filter { $0 != "ok" && !$0.hasPrefix("*** in database") }
        let problems = try reasons.isEmpty ? lines : lines.filter(depends: dependents(), isSchemaPartial)
        guard problems.isEmpty else { return .problems(problems) }
        return reasons.isEmpty ? .ok : .unchecked(reason: reasons.joined(separator: ", "))
    }

    private mutating func lines() throws -> [String] {
        while true {
            do {
                return try String.fetchAll(database, sql: "PRAGMA \(check.rawValue)")
            } catch let error as DatabaseError {
                guard try standIn(for: error) else { throw error }
                reasons.append(error.message ?? error.resultCode.description)
            }
        }
    }

    /// Returns false when an error cannot be avoided, or the stand-in was added before.
    private mutating func standIn(for error: DatabaseError) throws -> Bool {
        let message = error.message ?? ""
        guard error.resultCode == .SQLITE_ERROR else { return false }
        if let name = message.rest(behind: "no such collation sequence: ") {
            guard collations.insert(name).inserted else { return false }
            try database.addStandIns(for: [name])
            return true
        }
        let named = message.rest(behind: "no such function: ") ?? message.rest(behind: "unknown function: ")
        guard let name = named?.prefix(while: { $0 != "(" }), functions.insert(String(name)).inserted else {
            return false
        }
        database.add(function: DatabaseFunction(String(name), pure: true) { _ in nil })
        return true
    }

    /// Indexes, and tables by their keys, with an order or content that depends on a stand-in.
    private func dependents() throws -> Set<String> {
        guard !(collations.isEmpty && functions.isEmpty) else { return [] }
        let keys = try Row.fetchAll(
            database,
            sql: """
                SELECT t.name, l.name, x.coll FROM sqlite_master t, pragma_index_list(t.name) l,
                    pragma_index_xinfo(l.name) x WHERE t.type = 'table'
                """
        )
        var names: Set<String> = []
        for key in keys {
            guard let collation: String = key[2], collations.contains(collation) else { continue }
            names.formUnion([key[0], key[1]])
        }
        for function in functions {
            names.formUnion(
                try String.fetchAll(
                    database,
                    sql: "SELECT name FROM sqlite_master WHERE instr(lower(sql), lower(?))",
                    arguments: [function]
                )
            )
        }
        return names
    }
}

extension [String] {
    /// Without problems in parts that could not be checked. If only part of the schema is parsed, its other
    /// pages are not unused ones.
    fileprivate func filter(depends names: Set<String>, _ isSchemaPartial: Bool) -> [String] {
        filter { line in
            if isSchemaPartial, line.hasPrefix("Page "), line.hasSuffix("never used") { return false }
            return !names.contains { line.hasSuffix(" " + $0) || line.contains(" \($0) ") }
        }
    }
}

extension String {
    fileprivate func rest(behind prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
