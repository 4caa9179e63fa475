import GRDB

/// A schema that this SQLite cannot parse: a newer one wrote it, for example. The bytes may be right, and
/// what can be parsed can be read.
extension Configuration {
    /// The same for a database whose schema may be such a one.
    var readingSchemaInPart: Configuration {
        var configuration = self
        configuration.prepareDatabase { try $0.readSchemaInPart() }
        return configuration
    }
}

extension Database {
    /// SQLite takes as the schema what it can parse from then on, if it cannot parse all
    /// (sqlite.org/pragma.html#pragma_writable_schema).
    func readSchemaInPart() throws {
        let look = "SELECT 1 FROM sqlite_master"
        do {
            try execute(sql: look)
        } catch let error as DatabaseError where error.isUnreadableSchema {
            try execute(sql: "PRAGMA writable_schema = ON")
            // The first statement says so once more.
            try? execute(sql: look)
        }
    }

    /// Whether only a part of the schema could be parsed.
    var hasPartialSchema: Bool {
        get throws { try Bool.fetchOne(self, sql: "PRAGMA writable_schema") ?? false }
    }
}

extension DatabaseError {
    /// A statement of the schema is in no words that this SQLite knows. What leads to no page is damage.
    fileprivate var isUnreadableSchema: Bool {
        guard resultCode == .SQLITE_CORRUPT, let message else { return false }
        return message.hasPrefix("malformed database schema (") && message.contains(") - ")
            && !message.hasSuffix("invalid rootpage") && !message.hasSuffix("orphan index")
    }
}
