import GRDB

/// A schema that this SQLite cannot parse, for example one of a newer version. The bytes may be right, and
/// the parsable part can be read.
extension Configuration {
    /// The same for a database with a schema that may not be parsable.
    var readingSchemaInPart: Configuration {
        var configuration = self
        configuration.prepareDatabase { try $0.readSchemaInPart() }
        return configuration
    }
}

extension Database {
    /// If SQLite cannot parse the whole schema, makes it use the part that it can parse
    /// (sqlite.org/pragma.html#pragma_writable_schema).
    func readSchemaInPart() throws {
        let probe = "SELECT 1 FROM sqlite_master"
        do {
            try execute(sql: probe)
        } catch let error as DatabaseError where error.isUnreadableSchema {
            try execute(sql: "PRAGMA writable_schema = ON")
            // The first statement fails with the same error once more.
            try? execute(sql: probe)
        }
    }

    /// Whether only a part of the schema could be parsed.
    var hasPartialSchema: Bool {
        get throws { try Bool.fetchOne(self, sql: "PRAGMA writable_schema") ?? false }
    }
}

extension DatabaseError {
    /// Whether this SQLite does not know a word in a statement of the schema. A statement whose root page is
    /// missing is damage.
    fileprivate var isUnreadableSchema: Bool {
        guard resultCode == .SQLITE_CORRUPT, let message else { return false }
        return message.hasPrefix("malformed database schema (") && message.contains(") - ")
            && !message.hasSuffix("invalid rootpage") && !message.hasSuffix("orphan index")
    }
}
