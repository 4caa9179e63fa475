import TestSupport
import Testing

/// What a schema has besides tables and columns.
@Suite("Changes of the schema") struct SchemaChangesTests {
    private static let schema = """
        CREATE TABLE t(i INTEGER PRIMARY KEY, v); CREATE INDEX former ON t(v); CREATE VIEW w AS SELECT i FROM t;
        INSERT INTO t VALUES(1, 'one'), (2, 'two');
        """

    private static let change = """
        CREATE INDEX later ON t(v, i); DROP INDEX former; DROP VIEW w; CREATE VIEW w AS SELECT v FROM t;
        CREATE TRIGGER t AFTER INSERT ON t BEGIN SELECT 1; END; PRAGMA user_version = 7; ANALYZE;
        """

    @Test("diff names indexes, triggers, views and user_version, not what ANALYZE keeps for itself")
    func diff() throws {
        let protection = try Protection(Self.schema)
        try protection.watch()
        try SQLite3.sql(Self.change, on: protection.database)
        let text = try protection.holdfast("diff", "1", protection.database).stdout
        #expect(
            text.split(separator: "\n").dropFirst() == [
                "index former: removed", "index later: added", "trigger t: added", "view w: changed",
                "user_version: 0 → 7",
            ]
        )
        let json = try protection.holdfast("diff", "1", protection.database, "--table", "t", "--json").stdout
        let lines = json.split(separator: "\n").dropFirst()
        #expect(lines.count == 3, "\(json)")
        #expect(
            lines.first?.hasSuffix(
                #""type":"index","name":"former","old":"CREATE INDEX former ON t(v)","new":null}"#
            ) == true,
            "\(json)"
        )
    }

    @Test("a restore in place says what comes and goes with it, and so does its dry run")
    func restore() throws {
        let protection = try Protection(Self.schema)
        try protection.watch()
        try SQLite3.sql(Self.change, on: protection.database)
        for arguments in [["--dry-run"], []] {
            let text = try HoldfastProgram.run(
                ["restore", protection.database, "--at", "1", "--in-place"] + arguments,
                environment: protection.environment
            ).stdout
            for line in [
                "index former: regained", "index later: lost", "trigger t: lost", "view w: changed",
                "user_version: 7 → 0",
            ] {
                #expect(text.contains("  \(line)\n"), "\(arguments) \(text)")
            }
        }
    }

    @Test("another rule of a table with the same columns is named under its name")
    func rule() throws {
        let protection = try Protection("CREATE TABLE t(i INTEGER PRIMARY KEY, v);")
        try protection.watch()
        try SQLite3.sql(
            "DROP TABLE t; CREATE TABLE t(i INTEGER PRIMARY KEY, v CHECK(v > 0));",
            on: protection.database
        )
        #expect(try protection.holdfast("diff", "1", protection.database).stdout.contains("table t: changed"))
    }
}
