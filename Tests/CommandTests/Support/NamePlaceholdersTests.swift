import SystemPackage
import Testing

@testable import holdfast

@Suite("Placeholders for names")
struct NamePlaceholdersTests {
    private static func known() -> NamePlaceholders {
        var names = NamePlaceholders()
        names.add("/home/ann/.local/share/holdfast", placeholder: "repository", isOpen: true)
        names.add("/srv/My App", placeholder: "root-1")
        names.add("日記/a's.db", in: "/srv/My App", placeholder: "root-1/file-1")
        names.add("orders", as: "table")
        names.add("before-x", as: "tag")
        return names
    }

    @Test(
        "stand for paths, names of files, tables and tags",
        arguments: [
            ("/srv/My App: watching", "root-1: watching"),
            ("holdfast log '/srv/My App' --at 3", "holdfast log root-1 --at 3"),
            ("/srv/My App/日記/a's.db is damaged: see", "root-1/file-1 is damaged: see"),
            (#"see holdfast doctor '/srv/My App/日記/a'\''s.db'"#, "see holdfast doctor root-1/file-1"),
            ("a's.db and 日記/a's.db", "file-1 and file-1"),
            ("row 3 missing from orders.", "row 3 missing from table-1."),
            ("reorders, orders2", "reorders, orders2"), ("[before-x]", "[tag-1]"),
            (
                "/home/ann/.local/share/holdfast/roots/01/segments/1.segment",
                "repository/roots/01/segments/1.segment"
            ),
        ]
    )
    func known(_ text: String, _ expected: String) {
        var names = Self.known()
        #expect(names.text(text) == expected)
    }

    @Test(
        "stand for any other absolute path, whatever follows it",
        arguments: [
            ("/srv/My App/a b/c d: No such file", "root-1/path-1: No such file"),
            ("cannot open /srv/My Apple/x y (2), or", "cannot open path-1, or"),
            ("open (/x/y z) and", "open (path-1) and"),
            ("/srv/My App/日記/a's.db-wal, and", "root-1/path-1, and"), ("'/x/y z' is", "'path-1' is"),
            ("/x/y: z; /x/y, /x/z", "path-1: z; path-1, path-2"), ("~/secret", "path-1"),
            ("1/2 and / or I/O", "1/2 and / or I/O"),
            ("/proc/sys/fs/inotify/max_user_watches is", "/proc/sys/fs/inotify/max_user_watches is"),
        ]
    )
    func unknown(_ text: String, _ expected: String) {
        var names = Self.known()
        #expect(names.text(text) == expected)
    }

    @Test(
        "of settings and arguments, only what is harmless stays",
        arguments: [
            ("20ms", "20ms"),
            (
                "{within: 24h, hourly: 48, tags: [orders, other]}",
                "{within: 24h, hourly: 48, tags: [table-1, value-1]}"
            ),
            (#"["cache/**", "*.tmp"]"#, #"["value-1", "value-2"]"#),
            ("--exclude=secret", "--exclude=value-1"),
            ("--keep-daily", "--keep-daily"), ("/srv/My App/日記/a's.db", "root-1/file-1"),
            ("rooted-1", "value-1"),
            ("watch", "watch"), ("127.0.0.1:9469", "127.0.0.1:9469"), ("", ""),
        ]
    )
    func values(_ text: String, _ expected: String) {
        var names = Self.known()
        #expect(names.value(text) == expected)
    }

    @Test("a name has the same one everywhere, and the first one that it got")
    func same() {
        var names = Self.known()
        names.add("orders", as: "tag")
        #expect(names.text("/q/r") == names.text("/q/r") && names.text("orders") == "table-1")
        #expect(names.text("/q/s") == "path-2")
    }
}
