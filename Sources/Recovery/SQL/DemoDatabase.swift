import GRDB
package import SystemPackage

/// A database like that of a team of agents, in rollback-journal mode: sessions, and events that are deleted
/// with their session. For `holdfast demo`.
///
/// Every call opens a connection and closes it. A process that uses this must not open and close the file in
/// another way meanwhile: that would drop SQLite's locks.
package struct DemoDatabase: Sendable {
    private let path: FilePath

    /// The accident of the demo: a condition is missing.
    package static let accident = "DELETE FROM sessions"

    package struct Contents: Hashable, Sendable {
        package let sessions: Int
        package let events: Int
        /// Every row with all its values, as SQL writes them.
        private let rows: [String]

        fileprivate init(_ database: Database) throws {
            let sessions = try String.fetchAll(
                database,
                sql: "SELECT id || ',' || quote(goal) || ',' || quote(status) FROM sessions ORDER BY id"
            )
            let events = try String.fetchAll(
                database,
                sql: """
                    SELECT id || ',' || session_id || ',' || quote(kind) || ',' || quote(body) FROM events ORDER BY id
                    """
            )
            self.sessions = sessions.count
            self.events = events.count
            rows = sessions + events
        }
    }

    package init(at path: FilePath) {
        self.path = path
    }

    /// Makes the database with its tables, which must not exist yet. Throws `DatabaseError`, as all do here.
    package func create() throws {
        try connect { queue in
            try queue.writeWithoutTransaction { database in
                try database.execute(
                    sql: """
                        PRAGMA journal_mode = DELETE;
                        CREATE TABLE sessions (
                            id INTEGER PRIMARY KEY, goal TEXT NOT NULL, status TEXT NOT NULL
                        );
                        CREATE TABLE events (
                            id INTEGER PRIMARY KEY,
                            session_id INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
                            kind TEXT NOT NULL, body TEXT NOT NULL
                        );
                        CREATE INDEX events_by_session ON events(session_id);
                        """
                )
            }
        }
    }

    /// Adds a session with its events, in one transaction.
    package func addSession(_ number: Int, events: Int) throws {
        try connect { queue in
            try queue.write { database in
                try database.execute(
                    sql: "INSERT INTO sessions VALUES (?, ?, ?)",
                    arguments: [number, "task \(number)", number.isMultiple(of: 4) ? "failed" : "done"]
                )
                for event in 1...events {
                    try database.execute(
                        sql: "INSERT INTO events (session_id, kind, body) VALUES (?, ?, ?)",
                        arguments: [number, event == 1 ? "plan" : "tool", "step \(event) of task \(number)"]
                    )
                }
            }
        }
    }

    /// Deletes every session, and by the foreign key every event.
    package func haveAccident() throws {
        try connect { try $0.write { try $0.execute(sql: Self.accident) } }
    }

    package func contents() throws -> Contents {
        try connect { try $0.read { try Contents($0) } }
    }

    private func connect<Value>(_ body: (DatabaseQueue) throws -> Value) throws -> Value {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: path.string, configuration: configuration)
        let result = Result { try body(queue) }
        try queue.close()
        return try result.get()
    }
}
