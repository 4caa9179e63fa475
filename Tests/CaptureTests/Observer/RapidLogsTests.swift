import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import Capture

/// Real writes to logs, of which no event is asked for.
@Suite("Logs to which commits come without a pause", .serialized)
struct RapidLogsTests {
    /// The directory with databases in WAL mode that stay open, and what else is in it.
    private final class Scene {
        let observed: ObservedDirectory
        private let sessions: [String: SQLite3Session]
        private var rows = 0

        init(
            _ databases: [String] = ["a.db"],
            _ prepare: (TemporaryDirectory) throws -> Void = { _ in }
        ) throws {
            var sessions: [String: SQLite3Session] = [:]
            observed = try ObservedDirectory { folder in
                for name in databases {
                    let session = try SQLite3Session(folder.file("data/" + name))
                    // No checkpoint: it would write the database itself.
                    try session.sql(
                        "PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t(i);"
                    )
                    sessions[name] = session
                }
                try prepare(folder)
            }
            self.sessions = sessions
            try observed.observe()
        }

        var isRapid: Bool { observed.root.rapid.logs[""] != nil }

        func commit(_ name: String = "a.db") throws {
            rows += 1
            try sessions[name]?.sql("INSERT INTO t VALUES(\(rows));")
        }

        /// Commits to these until `isDone`, or for very long.
        func commit(to names: [String] = ["a.db"], until isDone: (Scene) -> Bool) throws {
            for _ in 1...10_000 {
                for name in names { try commit(name) }
                try observed.observe()
                if isDone(self) { return }
            }
            Issue.record("not so after 10,000 commits")
        }

        /// How often the database was captured.
        func captures(_ name: FilePath = "a.db") -> Int { observed.histories[name]?.contents.count ?? 0 }

        func contents(_ name: FilePath) -> [String?] { observed.histories[name]?.contents ?? [] }

        /// Whether an event tells of a write since the last call, which is forgotten.
        func hasEvents() throws -> Bool {
            try observed.root.files.tree.directories.watches.readWrites()
            return !observed.root.files.tree.directories.watches.takeWrites().isEmpty
        }
    }

    /// Catches events that are still asked for, commits that are missed without them, and other files that
    /// nobody watches meanwhile.
    @Test("no event tells of their writes, but of all others; a name that comes has all watched again")
    func rapid() throws {
        let scene = try Scene { try $0.write("one", to: "data/notes") }
        try scene.commit { $0.isRapid }
        try scene.observed.observe()
        _ = try scene.hasEvents()
        let before = scene.captures()
        try scene.commit()
        #expect(try !scene.hasEvents())
        try scene.observed.observe()
        #expect(scene.captures() > before)

        try scene.observed.folder.write("two", to: "data/notes")
        try scene.observed.observe()
        try scene.observed.observe(later: .seconds(1))
        #expect(scene.contents("notes") == ["one", "two"])
        #expect(scene.isRapid)

        try scene.observed.folder.write("new", to: "data/later")
        try scene.observed.observe()
        try scene.observed.observe(later: .seconds(1))
        #expect(scene.contents("later") == ["new"])
        #expect(!scene.isRapid)
        _ = try scene.hasEvents()
        try scene.commit()
        #expect(try scene.hasEvents())
    }

    /// Catches the last commits before the end, of which nothing tells.
    @Test("when commits pause, all writes are watched again, and what came just before is not missed")
    func pause() throws {
        let scene = try Scene()
        try scene.commit { $0.isRapid }
        try scene.observed.observe()
        let before = scene.captures()
        let tracker = try #require(scene.observed.root.files.trackers["a.db"])
        while tracker.logs.isRapid(.now, wasRapid: true) {}
        try scene.commit()
        scene.observed.root.pollRapidLogs()
        #expect(!scene.isRapid)
        try scene.observed.observe()
        #expect(scene.captures() > before)
        _ = try scene.hasEvents()
        try scene.commit()
        #expect(try scene.hasEvents())
    }

    /// Catches a second log whose writes are still told of, or nobody's.
    @Test("two of them in one directory")
    func two() throws {
        let names: [FilePath] = ["a.db", "b.db"]
        let scene = try Scene(names.map(\.string))
        try scene.commit(to: names.map(\.string)) { $0.observed.root.rapid.logs[""]?.count == 2 }
        try scene.observed.observe()
        _ = try scene.hasEvents()
        let before = names.map(scene.captures)
        for name in names { try scene.commit(name.string) }
        #expect(try !scene.hasEvents())
        try scene.observed.observe()
        for (name, count) in zip(names, before) { #expect(scene.captures(name) > count, "\(name)") }
    }

    /// Catches writes that nobody hears of: under another name, or to a journal that only counts.
    @Test("beside a file with two names, or a database in rollback mode, their writes stay watched")
    func refused() throws {
        let besides: [(TemporaryDirectory) throws -> Void] = [
            { folder in
                try folder.write("one", to: "data/notes")
                let link = try Command.run("ln", [folder.file("data/notes"), folder.file("elsewhere")])
                #expect(link.status == 0)
            },
            { try SQLite3.sql("CREATE TABLE t(i);", on: $0.file("data/rollback.db")) },
        ]
        for prepare in besides {
            let scene = try Scene(["a.db"], prepare)
            let tracker = try #require(scene.observed.root.files.trackers["a.db"])
            try scene.commit { _ in tracker.logs.isRapid(.now) }
            try scene.observed.observe()
            #expect(!scene.isRapid)
            _ = try scene.hasEvents()
            try scene.commit()
            #expect(try scene.hasEvents())
        }
    }
}
