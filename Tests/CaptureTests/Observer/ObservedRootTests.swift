import Foundation
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("What an observer finds under a root")
struct ObservedRootTests {
    private func path(_ name: String, _ observed: ObservedDirectory) -> FilePath {
        FilePath(observed.folder.file(name))
    }

    private func history(_ name: FilePath, _ observed: ObservedDirectory) -> ObservedDirectory.History {
        observed.histories[name] ?? ObservedDirectory.History()
    }

    /// Catches the log of an encrypted database that nobody captures, and a database's own log that is
    /// captured as a file.
    @Test("a name of a sidecar waits until its owner was read; beside a database it is no file")
    func sidecars() throws {
        let observed = try ObservedDirectory { folder in
            try SQLite3.sql("CREATE TABLE t(i);", on: folder.file("data/a.db"))
            try folder.write("", to: "data/a.db-journal")
            try folder.write("secret", to: "data/x")
            try folder.write("log", to: "data/x-wal")
            try folder.write("alone", to: "data/y-wal")
        }
        #expect(observed.tracked == ["a.db", "x", "y-wal"])
        try observed.observe()
        #expect(observed.tracked == ["a.db", "x", "x-wal", "y-wal"])
        try observed.observe()
        #expect(history("x-wal", observed).contents == ["log"])
        // One that comes later.
        try observed.folder.write("", to: "data/a.db-wal")
        try observed.folder.write("journal", to: "data/x-journal")
        try observed.observe()
        #expect(observed.tracked == ["a.db", "x", "x-journal", "x-wal", "y-wal"])
    }

    /// Catches the journal of a new database that is captured as a file, since its owner was an empty file
    /// when the work on it began.
    @Test("a journal that comes while its database, still empty, is captured as a file is none itself")
    func amidWork() throws {
        let observed = try ObservedDirectory()
        try observed.folder.write("", to: "data/x")
        observed.amidWork = { try observed.folder.write("", to: "data/x-journal") }
        try observed.observe()
        #expect(observed.amidWork == nil && observed.tracked == ["x"])
        #expect(observed.root.files.trackers["x"]?.kind == .database)
    }

    /// Catches the last commits of a database that somebody deleted without its log.
    @Test("what a deleted database leaves beside it is a file")
    func leftBehind() throws {
        let observed = try ObservedDirectory { folder in
            try SQLite3.sql("CREATE TABLE t(i);", on: folder.file("data/a.db"))
            try folder.write("log", to: "data/a.db-wal")
        }
        try observed.observe()
        #expect(observed.tracked == ["a.db"])
        try Directory.remove(path("data/a.db", observed))
        try observed.observe()
        try observed.observe(later: .seconds(5))
        try observed.observe()
        #expect(observed.tracked.contains("a.db-wal"))
        #expect(history("a.db-wal", observed).contents == ["log"])
    }

    /// Catches a log that is kept as a file, page by page, beside the database that it is read for.
    @Test("when its owner becomes a database, the history of a sidecar as a file ends")
    func becomesDatabase() throws {
        let observed = try ObservedDirectory { folder in
            try folder.write("text", to: "data/x")
            try folder.write("log", to: "data/x-wal")
        }
        try observed.observe()
        try observed.observe()
        #expect(observed.tracked == ["x", "x-wal"])
        try SQLite3.sql("CREATE TABLE t(i);", on: observed.folder.file("other"))
        try Directory.rename(path("other", observed), to: path("data/x", observed))
        try observed.observe()
        #expect(observed.tracked == ["x"])
        #expect(history("x-wal", observed).contents == ["log", nil])
    }

    @Test("what is excluded, temporary, or in an excluded directory is not found, then or later")
    func excluded() throws {
        let observed = try ObservedDirectory(exclusions: ["*.log", "cache"]) { folder in
            try Directory.make(FilePath(folder.file("data/cache/deep")))
            try Directory.make(FilePath(folder.file("data/kept")))
            try folder.write("1", to: "data/cache/deep/a")
            try folder.write("1", to: "data/kept/b")
        }
        for name in ["a.log", "b.tmp", "c", "cache/deep/d", "kept/e"] {
            try observed.folder.write("1", to: "data/" + name)
        }
        try observed.observe()
        #expect(observed.tracked == ["c", "kept/b", "kept/e"])
    }

    /// Catches a change that was made where no event tells of it.
    @Test("a directory that was elsewhere for a moment is compared, with a gap, and counts as never deleted")
    func elsewhere() throws {
        let observed = try ObservedDirectory { folder in
            try Directory.make(FilePath(folder.file("data/sub")))
            try folder.write("one", to: "data/sub/f")
        }
        try observed.observe()
        #expect(history("sub/f", observed).contents == ["one"])
        try Directory.rename(path("data/sub", observed), to: path("away", observed))
        try observed.observe()
        try observed.folder.write("two", to: "away/f")
        try Directory.rename(path("away", observed), to: path("data/sub", observed))
        try observed.observe()
        #expect(history("sub/f", observed).contents == ["one", "two"])
        #expect(history("sub/f", observed).gaps == ["its directory was elsewhere"])
    }

    /// Catches a restore of the latest state that brings back what was moved away.
    @Test("the files of a directory that went are deleted, in the directories below as well")
    func movedAway() throws {
        let observed = try ObservedDirectory { folder in
            try Directory.make(FilePath(folder.file("data/sub/deep")))
            try folder.write("one", to: "data/sub/f")
            try folder.write("one", to: "data/sub/deep/f")
            try folder.write("one", to: "data/subway")
        }
        try observed.observe()
        try Directory.rename(path("data/sub", observed), to: path("away", observed))
        try observed.observe()
        #expect(history("sub/f", observed).contents == ["one"], "it may be being replaced")
        try observed.observe(later: .seconds(1))
        for name in ["sub/f", "sub/deep/f"] as [FilePath] {
            #expect(history(name, observed).contents == ["one", nil])
        }
        #expect(history("subway", observed).contents == ["one"])
    }

    /// Catches a history that is torn in two, and trackers that are never freed.
    @Test("a file that is gone needs no tracker once that is durable; if it comes back, its history goes on")
    func comesBack() throws {
        let observed = try ObservedDirectory { try $0.write("one", to: "data/f") }
        try observed.observe()
        try Directory.remove(path("data/f", observed))
        try observed.observe()
        try observed.observe(later: .seconds(1))
        observed.root.makeRound()
        #expect(observed.tracked.isEmpty)
        try observed.folder.write("two", to: "data/f")
        try observed.observe()
        #expect(history("f", observed).contents == ["one", nil, "two"])
        #expect(history("f", observed).numbers.count == 1)
    }

    /// Catches commits that nobody counts after the kernel has dropped events.
    @Test("when events were lost everything is compared, with a gap, and what no event told of is found")
    func lostEvents() throws {
        let observed = try ObservedDirectory { try $0.write("one", to: "data/f") }
        try observed.observe()
        try Directory.make(path("data/sub", observed))
        try observed.folder.write("two", to: "data/sub/g")
        // Nobody handles what the kernel told.
        _ = try observed.root.files.tree.directories.watches.names.takeAll()
        observed.root.events.wereLost()
        try observed.observe()
        #expect(history("f", observed).gaps == ["the kernel's event queue overflowed"])
        #expect(history("sub/g", observed).contents == ["two"])
        #expect(!observed.root.events.hasGaps)
    }

    /// Catches a repository that is captured into itself without end, and files that are left out for ever.
    @Test("a repository that is moved in is left out until it is none any more")
    func nestedRepository() throws {
        let observed = try ObservedDirectory()
        _ = try RepositoryDirectory.openOrCreate(at: path("copy", observed))
        try observed.folder.write("mine", to: "copy/mine")
        try Directory.rename(path("copy", observed), to: path("data/copy", observed))
        try observed.observe()
        #expect(observed.tracked.isEmpty)
        #expect(observed.meter.current.designed == [path("data/copy", observed): .repository])
        try Directory.remove(path("data/copy/repository.json", observed))
        observed.root.makeRound()
        try observed.observe()
        #expect(observed.tracked.contains("copy/mine") && observed.meter.current.designed.isEmpty)
        #expect(history("copy/mine", observed).contents == ["mine"])
    }

    /// Catches a remote that is captured, and so shipped into itself without end.
    @Test("a remote is left out, also one that is begun later, until it is none any more")
    func nestedRemote() throws {
        let observed = try ObservedDirectory { folder in
            for name in ["data/a", "data/a/holdfast_remote", "data/b"] {
                try Directory.make(FilePath(folder.file(name)))
            }
            try folder.write("{}", to: "data/a/remote.json")
            try folder.write("object", to: "data/a/object")
            try folder.write("mine", to: "data/b/remote.json")
        }
        try observed.observe()
        #expect(observed.tracked == ["b/remote.json"])
        #expect(observed.meter.current.designed == [path("data/a", observed): .remote])
        try Directory.make(path("data/c/holdfast_remote/drafts", observed))
        try observed.observe()
        try observed.folder.write("{}", to: "data/c/holdfast_remote/drafts/1")
        try Directory.rename(
            path("data/c/holdfast_remote/drafts/1", observed),
            to: path("data/c/remote.json", observed)
        )
        try observed.observe()
        let remotes = [path("data/a", observed), path("data/c", observed)]
        #expect(Set(observed.meter.current.designed.keys) == Set(remotes))
        try observed.folder.write("object", to: "data/c/object")
        try observed.observe()
        #expect(observed.tracked == ["b/remote.json"])
        try Directory.remove(path("data/a/remote.json", observed))
        observed.root.makeRound()
        try observed.observe()
        #expect(observed.tracked.contains("a/object") && observed.meter.current.designed.count == 1)
        #expect(history("a/object", observed).contents == ["object"])
    }

    /// Catches a history that ends with a deletion where a link to the root was only pointed elsewhere.
    @Test("when the root is elsewhere its files are compared there, with a gap, and none was deleted")
    func movedRoot() throws {
        let observed = try ObservedDirectory(link: "root") { folder in
            try folder.write("one", to: "data/f")
            try FileManager.default.createSymbolicLink(
                atPath: folder.file("root"),
                withDestinationPath: folder.file("data")
            )
        }
        try observed.observe()
        try Directory.make(path("new", observed))
        try observed.folder.write("two", to: "new/f")
        try Directory.remove(path("root", observed))
        try FileManager.default.createSymbolicLink(
            atPath: observed.folder.file("root"),
            withDestinationPath: observed.folder.file("new")
        )
        observed.root.events.placesMayHaveChanged()
        try observed.observe()
        try observed.observe(later: .seconds(1))
        #expect(history("f", observed).contents == ["one", "two"])
        #expect(history("f", observed).gaps == ["the root was moved or replaced"])
    }

    /// Catches a history that is silent about what happened while holdfast was not running.
    @Test("what the repository knows is compared, with a gap; what is gone is deleted, unless it is excluded")
    func takesUp() throws {
        let folder = try TemporaryDirectory()
        let recorded = try RecordedRoot(in: folder.file("r"), protecting: folder.file("data"), .directory)
        for name in ["kept", "gone", "a.log"] {
            try recorded.record(name, .plain, Array("old".utf8), at: Instant(nanoseconds: 1))
        }
        let files = try RootHistory(recorded.root).files().values.sorted { $0.id < $1.id }
        let observed = try ObservedDirectory(exclusions: ["*.log"], files: files) { folder in
            try folder.write("new", to: "data/kept")
            try folder.write("new", to: "data/a.log")
        }
        try observed.observe()
        try observed.observe(later: .seconds(1))
        #expect(history("kept", observed).contents == ["new"])
        #expect(history("kept", observed).gaps == ["holdfast was not running"])
        #expect(history("gone", observed).contents == [nil])
        #expect(history("a.log", observed).contents.isEmpty && observed.tracked == ["gone", "kept"])
    }

    /// Catches a restore of the root that lacks its empty directories, or has those that were removed.
    @Test("directories are in the history while they are there, whenever they came or went")
    func directories() throws {
        let observed = try ObservedDirectory(directories: ["former"]) { folder in
            try Directory.make(FilePath(folder.file("data/empty")))
        }
        try observed.observe()
        #expect(observed.directories == ["", "empty"])
        try Directory.make(path("data/later/deep", observed))
        try observed.observe()
        #expect(observed.directories == ["", "empty", "later", "later/deep"])
        try Directory.removeEmpty(path("data/empty", observed))
        try Directory.rename(path("data/later", observed), to: path("away", observed))
        try observed.observe()
        #expect(observed.directories == [""])
    }
}
