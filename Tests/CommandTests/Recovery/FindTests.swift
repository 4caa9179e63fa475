import Foundation
import TestSupport
import Testing

@Suite("Find", .serialized)
struct FindTests {
    /// Runs the commands that a result has, as a shell reads them.
    private func paste(_ result: CommandResult, in team: DevTeam) throws {
        let commands = result.lines.filter { $0.hasPrefix("  holdfast ") }
        #expect(!commands.isEmpty, "\(result)")
        for command in commands {
            let result = try Command.run(
                "bash",
                ["-c", "holdfast() { \"\(HoldfastProgram.path)\" \"$@\"; }; \(command)"],
                environment: team.environment,
                directory: "/"
            )
            guard result.status == 0 else { throw CommandFailure(command: command, result: result) }
        }
    }

    /// The newest snapshot of the database.
    private func newest(_ team: DevTeam) throws -> String {
        let line = try team.holdfast("log", team.database, "--json", "--last", "1").stdout
        return String(try #require(line.firstMatch(of: /"sequence":([0-9]+)/)).1)
    }

    private static let notes = """
        CREATE TABLE notes(id INTEGER PRIMARY KEY, name TEXT, v);
        INSERT INTO notes VALUES(1, 'one', 1), (2, 'two', NULL), (3, 'three', x'00ff'), (4, 'four', 4);
        """

    @Test("rows that are gone, each with the last snapshot that had it")
    func gone() throws {
        let team = try DevTeam()
        try team.sql(Self.notes)
        try team.watch()
        let before = try newest(team)
        try team.commit("DELETE FROM notes WHERE id IN (1, 2);")
        try team.commit("UPDATE notes SET v = 'new' WHERE id = 3;")
        try team.commit("INSERT INTO notes VALUES(2, 'again', 2);")
        let third = try newest(team)
        try team.commit("DELETE FROM notes WHERE id = 3;")

        let json = try team.holdfast("find", "notes", "--deleted", "--json")
        try #require(json.lines.count == 2, "\(json)")
        let start = #"{"table":"notes","key":{"id":1},"row":{"id":1,"name":"one","v":1},"last_sequence":"#
        #expect(json.lines[0].hasPrefix("\(start)\(before),"), "\(json)")
        #expect(json.lines[0].hasSuffix(#","path":"\#(team.database)"}"#), "\(json)")
        #expect(
            json.lines[1].contains(#""row":{"id":3,"name":"three","v":"new"},"last_sequence":\#(third),"#)
        )

        let text = try team.holdfast("find", "notes", team.database, "--deleted")
        #expect(text.stdout.contains("\n  id=1 name='one' v=1\n"), "\(text)")
        #expect(
            text.stdout.contains("  holdfast rows restore notes 1 \(team.database) --at \(before)\n"),
            "\(text)"
        )
        try paste(text, in: team)
        #expect(
            try team.sql("SELECT id || name || v FROM notes ORDER BY id;")
                == "1one1\n2again2\n3threenew\n4four4"
        )
        let nothing = try team.holdfast("find", "notes", "--deleted")
        #expect(nothing.stdout == "" && nothing.stderr.contains("no row of notes is gone"), "\(nothing)")
    }

    @Test("only those that existed since a moment, or that meet a condition")
    func selected() throws {
        let team = try DevTeam()
        try team.sql(Self.notes)
        try team.watch()
        try team.commit("DELETE FROM notes WHERE id = 1;")
        try team.holdfast("tag", "later")
        try team.commit("DELETE FROM notes WHERE id > 2;")
        let keys = { (arguments: [String]) in
            try team.holdfast(["find", "notes", "--deleted", "--json"] + arguments).lines
                .compactMap { $0.firstMatch(of: /"key":\{"id":([0-9]+)\}/).map { String($0.1) } }
        }
        #expect(try keys([]) == ["1", "3", "4"])
        #expect(try keys(["--since", "later"]) == ["3", "4"])
        #expect(try keys(["--since", "2000-01-01"]) == ["1", "3", "4"])
        #expect(try keys(["--where", "name = 'three' OR notes.v = 1"]) == ["1", "3"])
        #expect(
            try keys(["--where", "id IN (SELECT max(id) FROM notes) -- the last"])
                == ["4"]
        )
        #expect(try keys(["--where", "0"]) == [])
        for (sql, message) in [
            ("nme = 1", "no such column: nme"), ("id =", "syntax error"),
            ("1); DELETE FROM notes; --", "statement"),
        ] {
            let wrong = try team.holdfast("find", "notes", "--deleted", "--where", sql, expecting: 1)
            #expect(wrong.isOneLineError && wrong.stderr.contains(message), "\(wrong)")
        }
        #expect(try team.sql("SELECT count(*) FROM notes;") == "1")
    }

    @Test("a condition on a column that came later, and a table that is gone as a whole")
    func schemas() throws {
        let team = try DevTeam()
        try team.sql(Self.notes)
        try team.watch()
        try team.commit("DELETE FROM notes WHERE id = 1;")
        try team.commit("ALTER TABLE notes ADD COLUMN author;")
        try team.commit("UPDATE notes SET author = 'me' WHERE id = 4;")
        try team.commit("DROP TABLE notes;")
        let found = try team.holdfast("find", "notes", "--deleted", "--where", "author = 'me'", "--json")
        #expect(found.lines.count == 1 && found.lines[0].contains(#""key":{"id":4}"#), "\(found)")
        #expect(try team.holdfast("find", "notes", "--deleted", "--json").lines.count == 4)
    }

    @Test("keys of every kind lead back, and no control character reaches a terminal")
    func keys() throws {
        let team = try DevTeam()
        try team.sql(
            """
            CREATE TABLE k(a, b, PRIMARY KEY(a, b)) WITHOUT ROWID;
            INSERT INTO k VALUES('it''s', '$HOME'), ('-x', 1), (-5, 2.5), (x'00ff', 'x''00'''),
                (char(27) || '[2J', char(10)), ('', 'é'), (CAST(x'ff' AS TEXT), 0), ('a' || char(0) || 'b', 1);
            CREATE TABLE plain(a TEXT PRIMARY KEY); INSERT INTO plain VALUES('it''s $HOME'), ('two words');
            CREATE TABLE loose(v); INSERT INTO loose VALUES('kept'), ('gone');
            """
        )
        let state =
            "SELECT quote(a), quote(b) FROM k ORDER BY 1, 2; SELECT * FROM plain; SELECT * FROM loose;"
        let before = try team.sql(state)
        try team.watch()
        try team.commit("DELETE FROM k; DELETE FROM plain; DELETE FROM loose WHERE v = 'gone';")
        for table in ["k", "plain", "loose"] {
            let found = try team.holdfast("find", table, "--deleted")
            #expect(!found.stdout.contains("\u{1b}") && !found.stdout.contains("\0"), "\(found)")
            try paste(found, in: team)
        }
        #expect(try team.sql(state) == before)
    }

    @Test("a rowid beside a key with NULL, and a number beside the text of it, lead back to their own rows")
    func ambiguousKeys() throws {
        let team = try DevTeam()
        try team.sql(
            """
            CREATE TABLE n(a TEXT PRIMARY KEY, b);
            INSERT INTO n(rowid, a, b) VALUES(2, 'x', 'deleted'), (1, NULL, 0), (5, '2', 'other');
            CREATE TABLE u(a PRIMARY KEY, c); INSERT INTO u VALUES('7', 't'), (7, 'i'), (7.5, 'r'), ('7.0', 'u');
            """
        )
        let state = "SELECT quote(a), b FROM n ORDER BY rowid; SELECT quote(a), c FROM u ORDER BY c;"
        let before = try team.sql(state)
        try team.watch()
        try team.commit("DELETE FROM n WHERE a = 'x';")
        try team.commit("DELETE FROM u WHERE c = 'i';")
        for table in ["n", "u"] { try paste(team.holdfast("find", table, "--deleted"), in: team) }
        #expect(try team.sql(state) == before)
        try team.commit("DELETE FROM u;")
        try paste(team.holdfast("find", "u", "--deleted"), in: team)
        #expect(try team.sql(state) == before)

        try team.commit("DELETE FROM n WHERE a IS NULL;")
        let unidentified = try team.holdfast("find", "n", "--deleted")
        let shown = #"  holdfast query 'SELECT * FROM "n" WHERE "rowid" IS 1' \#(team.database) --at "#
        #expect(unidentified.stdout.contains(shown), "\(unidentified)")
        try paste(unidentified, in: team)
    }

    @Test("no such table, and no word of what to find")
    func wrong() throws {
        let team = try DevTeam()
        try team.watch()
        let never = try team.holdfast("find", "nope", "--deleted", expecting: 10)
        #expect(never.isOneLineError && never.stderr.contains("there never was a table nope"), "\(never)")
        #expect(try team.holdfast("find", "sessions", expecting: 64).stderr.contains("--deleted"))
        let help = try team.holdfast("help", "find").stdout
        #expect(help.contains("Exit status: 0") && help.ranges(of: "  holdfast find ").count == 2)
        #expect(try team.images() == [])
    }
}
