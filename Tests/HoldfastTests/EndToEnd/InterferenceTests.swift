import Foundation
import TestSupport
import Testing

@Suite("Writers that do not wait", .serialized)
struct InterferenceTests {
    /// Transactions of all writers together; each database has one writer of its own, so that nobody but the
    /// watcher could be in its way.
    private static let transactions = 3 * briefTransactions + 3 * steadyTransactions
    private static let briefTransactions = 400
    private static let steadyTransactions = 1400

    /// Three databases that a new process opens, writes and closes each time, and three with one connection
    /// that writes without pause, in three kinds of rollback mode. No transaction is tried twice.
    private static let writers = """
        cd "$1" || exit
        for name in brief-1 brief-2 brief-3; do
            for _ in $(seq \(briefTransactions)); do
                sqlite3 -batch -init /dev/null -cmd '.timeout 0' $name.db \
                    'BEGIN; INSERT INTO t(b) VALUES(hex(randomblob(150))); UPDATE n SET i = i + 1; COMMIT;'
            done &
        done 2>> "$2"
        for name in delete truncate persist; do
            {
                echo ".timeout 0"
                echo "PRAGMA journal_mode=$name;"
                for _ in $(seq \(steadyTransactions / 2)); do
                    echo 'BEGIN; INSERT INTO t(b) VALUES(hex(randomblob(2000)));'
                    echo 'UPDATE n SET i = i + 1; COMMIT; UPDATE n SET i = i + 1;'
                done
                echo 'PRAGMA journal_mode=delete;'
            } | sqlite3 -batch -init /dev/null $name.db > /dev/null &
        done 2>> "$2"
        wait
        """

    private static let names = ["brief-1", "brief-2", "brief-3", "delete", "truncate", "persist"]

    @Test(
        "thousands of transactions without a busy timeout: none finds the database locked, nothing is changed"
    )
    func noneIsLocked() throws {
        #expect(Self.transactions >= 5000)
        let protection = try Protection("")
        for name in Self.names {
            try SQLite3.sql(
                """
                CREATE TABLE t(i INTEGER PRIMARY KEY, b); CREATE TABLE n(i); INSERT INTO n VALUES(0);
                CREATE INDEX u ON t(b); CREATE VIEW v AS SELECT b FROM t;
                """,
                on: "\(protection.data)/\(name).db"
            )
        }
        let before = try Self.schemas(in: protection.data)
        try protection.watch()

        let errors = try protection.folder.write([], to: "errors")
        let result = try Command.run("bash", ["-c", Self.writers, "writers", protection.data, errors])
        #expect(result.status == 0, "\(result)")
        let said = try String(decoding: protection.folder.bytes(of: "errors"), as: UTF8.self)
        let locked = said.split(separator: "\n").count { $0.contains("database is locked") }
        #expect(locked == 0, "\(locked) of \(Self.transactions) transactions found the database locked")
        #expect(said == "", "\(said.prefix(500))")

        // The watcher was there all the while, and missed no last state.
        try protection.sync()
        #expect(try Self.schemas(in: protection.data) == before)
        let log = try protection.log()
        for name in Self.names {
            let path = "\(protection.data)/\(name).db"
            let expected = name.hasPrefix("brief") ? Self.briefTransactions : Self.steadyTransactions
            #expect(try SQLite3.sql("SELECT i FROM n;", on: path) == "\(expected)\n")
            #expect(log.contains { $0.path == path && $0.event == "commit" })
            let folder = protection.folder
            try protection.holdfast("restore", path, "--at", "latest", "--output", folder.file(name))
            #expect(try folder.bytes(of: name) == folder.bytes(of: "data/\(name).db"))
        }
        #expect(try protection.stop()?.status == 0)
        #expect(try Self.schemas(in: protection.data) == before)
    }

    /// The names in a directory, and of each database the journal mode and all of the schema.
    private static func schemas(in directory: String) throws -> [String] {
        let files = try FileManager.default.subpathsOfDirectory(atPath: directory).sorted()
        return try files.map { name in
            try name + "\n"
                + SQLite3.sql(
                    """
                    PRAGMA journal_mode;
                    .schema
                    SELECT * FROM sqlite_master;
                    """,
                    on: "\(directory)/\(name)"
                )
        }
    }
}
