import LinuxSystem
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

    private func verdict(isFresh: Bool = false) -> SidecarCandidates.Verdict {
        SidecarCandidates.verdict(owner, isFresh: isFresh)
    }

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
        #expect(verdict() == .undecided, "nobody has read it yet")
        owner.processFully(.now)
        #expect(verdict() == .sidecars && verdict(isFresh: true) == .sidecars)
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
        #expect(verdict() == .sidecars, "it may only be being replaced")
        owner.processFully(start.advanced(by: FilePresence.deletionGrace))
        #expect(verdict() == .files)
    }

    /// Catches a file X-wal that nobody captures since X is no database.
    @Test("beside a file with other content they are files, once that is captured")
    func otherContent() throws {
        try capture([1, 2, 3])
        #expect(verdict() == .files && verdict(isFresh: true) == .files)
        owner.note(.contentModified)
        #expect(verdict() == .undecided, "it may become a database")
        owner.processFully(.now.advanced(by: .seconds(1)))
        #expect(verdict() == .files)
    }

    /// Catches a file that is a database's log: SQLite makes the database empty, and its log before it writes
    /// to it.
    @Test("beside an empty file they are files only if it is no database just after it was read")
    func empty() throws {
        try capture([])
        #expect(verdict() == .askOwner)
        #expect(verdict(isFresh: true) == .files)
    }

    @Test("beside a file that cannot be read, nobody knows")
    func unreadable() throws {
        try capture([1, 2, 3])
        let error = SystemError(.open, owner.path, code: .permissionDenied)
        owner.state.presence.obstacles.leaveOut(error, owner.state.report)
        #expect(verdict() == .undecided && verdict(isFresh: true) == .undecided)
        owner.state.presence.obstacles.canBeRead(owner.state.report)
        #expect(verdict() == .files)
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
