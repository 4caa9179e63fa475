import LinuxSystem
import RepositoryFormat
import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("What files with the names of sidecars are")
struct SidecarCandidatesTests {
    private let files: TrackedFiles
    private let owner: Tracker

    init() throws {
        files = try TrackedFiles()
        owner = files.tracker()
    }

    private var verdict: SidecarCandidates.Verdict { SidecarCandidates.verdict(owner) }

    /// Writes the owner, and captures it.
    private func capture(_ bytes: [UInt8]) throws {
        try files.folder.write(bytes, to: "a")
        owner.processFully(.now)
        try #require(owner.isAtRest)
    }

    /// Catches a log beside its database that is kept as a file, for each commit once more.
    @Test("beside a database they are its sidecars, from the moment on that it is known as one")
    func sidecars() throws {
        try SQLite3.sql("CREATE TABLE t(i);", on: files.folder.file("a"))
        #expect(verdict == .undecided, "nobody has read it yet")
        owner.processFully(.now)
        #expect(verdict == .sidecars)
    }

    /// Catches the log of a database that was deleted, with its last commits: nothing would keep it.
    @Test("where the database is gone they are files")
    func gone() throws {
        try SQLite3.sql("CREATE TABLE t(i);", on: files.folder.file("a"))
        owner.processFully(.now)
        try Directory.remove(owner.path)
        owner.note(.nameChanged)
        let start = MonotonicInstant.now
        owner.processFully(start)
        #expect(verdict == .sidecars, "it may only be being replaced")
        owner.processFully(start.advanced(by: FilePresence.deletionGrace))
        #expect(verdict == .files)
    }

    /// Catches a file X-wal that nobody captures since X is no database.
    @Test("beside a file with other content they are files, once that is captured")
    func otherContent() throws {
        try capture([1, 2, 3])
        #expect(verdict == .files)
        owner.note(.contentModified)
        #expect(verdict == .undecided, "it may become a database")
        owner.processFully(.now.advanced(by: .seconds(1)))
        #expect(verdict == .files)
    }

    /// Catches a journal that is kept as a file: SQLite makes the database empty, and its journal before it
    /// writes to it.
    @Test(
        "beside an empty file they are files only if they do not begin as SQLite's do",
        arguments: [
            ("a-journal", "words"), ("a-journal", "a word of some length, or two"), ("a-wal", "words"),
        ]
    )
    func empty(name: String, text: String) throws {
        try capture([])
        #expect(verdict == .files)
        try files.folder.write([], to: name)
        let isLog = name == "a-wal"
        let pinned = try PinnedFile(FilePath(files.folder.file(name)))
        owner.note(isLog ? .logAppeared(pinned) : .journalAppeared(pinned))
        owner.note(.nameChanged)
        #expect(verdict == .undecided)
        owner.processFully(.now)
        #expect(verdict == .sidecars, "nothing is in it yet")
        try files.folder.write(Array(text.utf8), to: name)
        owner.note(isLog ? .logModified : .journalModified)
        owner.processFully(.now)
        #expect(owner.kind == .plain)
        owner.processFully(.now.advanced(by: .seconds(1)))
        #expect(verdict == .files)
    }

    @Test("beside a file that cannot be read, nobody knows")
    func unreadable() throws {
        try capture([1, 2, 3])
        let error = SystemError(.open, owner.path, code: .permissionDenied)
        owner.state.presence.obstacles.leaveOut(error, owner.state.report)
        #expect(verdict == .undecided)
        owner.state.presence.obstacles.canBeRead(owner.state.report)
        #expect(verdict == .files)
    }

    /// Catches files that are decided on with another owner's, twice, or never.
    @Test("those of each owner wait by themselves, and are taken once")
    func taken() {
        var candidates = SidecarCandidates()
        candidates.insert("a-wal", of: "a")
        candidates.insert("a-shm", of: "a")
        candidates.insert("a-wal", of: "a")
        candidates.insert("b-wal", of: "b")
        #expect(Set(candidates.owners) == ["a", "b"])
        #expect(candidates.contains("a-shm", of: "a") && !candidates.contains("b-wal", of: "a"))
        let first = candidates.take(of: "a")
        #expect(first == ["a-wal", "a-shm"])
        let again = candidates.take(of: "a")
        #expect(again.isEmpty && !candidates.hasAny(of: "a") && candidates.hasAny(of: "b"))
    }
}
