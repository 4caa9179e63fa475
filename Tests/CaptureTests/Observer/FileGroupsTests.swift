import LinuxSystem
import RepositoryFormat
import SystemPackage
import Testing

@testable import Capture

@Suite("Files that are captured together")
struct FileGroupsTests {
    private let files: TrackedFiles
    private let (owner, log, journal): (Tracker, Tracker, Tracker)

    init() throws {
        let files = try TrackedFiles()
        (owner, log, journal) = (files.tracker("x"), files.tracker("x-wal"), files.tracker("x-journal"))
        self.files = files
    }

    private func names(_ group: FileGroup?) -> [FilePath] { group?.members.map(\.name) ?? [] }

    /// Catches an encrypted database whose log is of another moment: nothing of both can be opened.
    @Test("a file and those with its name and a sidecar's ending are one group, whichever comes first")
    func joined() {
        var groups = FileGroups()
        groups.join(log, owner)
        groups.join(journal, owner)
        groups.join(log, owner)
        #expect(names(owner.group) == ["x", "x-wal", "x-journal"])
        #expect(log.group === owner.group && journal.group === owner.group)
    }

    @Test("a database's sidecars are in no group, nor is a file beside them that has become a database")
    func database() {
        var groups = FileGroups()
        owner.state.presence.kind = .database
        groups.join(log, owner)
        #expect(owner.group == nil && log.group == nil)
    }

    /// Catches a file that waits for ever for a pause of another one that is gone.
    @Test("one that goes leaves the others together; without its owner, or alone, nobody is in a group")
    func left() {
        var groups = FileGroups()
        groups.join(log, owner)
        groups.join(journal, owner)
        groups.leave(log)
        #expect(log.group == nil && names(owner.group) == ["x", "x-journal"])
        groups.leave(journal)
        #expect(journal.group == nil && owner.group == nil)
        groups.join(log, owner)
        groups.join(journal, owner)
        groups.leave(owner)
        #expect(owner.group == nil && log.group == nil && journal.group == nil)
        groups.join(log, owner)
        #expect(names(log.group) == ["x", "x-wal"], "a new one")
    }
}
