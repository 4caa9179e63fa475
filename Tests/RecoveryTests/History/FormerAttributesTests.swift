import LinuxSystem
import SystemPackage
import Testing

@testable import History
@testable import RepositoryFormat
@testable import RepositoryReader

@Suite("Former attributes")
struct FormerAttributesTests {
    private static func mode(_ permissions: UInt32) -> FileAttributes {
        FileAttributes(ownership: FileOwnership(userID: 1, groupID: 1, permissions: permissions), modified: 5)
    }

    private static func file(_ permissions: UInt32, from sequence: UInt64, at seconds: Int64) -> HistoryEvent
    {
        .attributes(
            AttributesRecord(
                .file(FileID(1)),
                mode(permissions),
                from: SequenceNumber(sequence),
                time: .unix(seconds)
            )
        )
    }

    private static func directory(
        _ name: FilePath,
        _ permissions: UInt32?,
        from sequence: UInt64,
        at seconds: Int64
    ) -> HistoryEvent {
        .attributes(
            AttributesRecord(
                .directory(name),
                permissions.map(mode),
                from: SequenceNumber(sequence),
                time: .unix(seconds)
            )
        )
    }

    private static let index = SnapshotIndex.madeUp([
        directory("", 0o755, from: 0, at: 1), directory("d", 0o700, from: 0, at: 1),
        .named(1, "d/a"), .at(10, 1), file(0o600, from: 1, at: 10), .tag("good", 1),
        file(0o644, from: 1, at: 20), directory("d", 0o777, from: 1, at: 20),
        directory("d", nil, from: 2, at: 30),
        .at(40, 2, .deleted), directory("e", 0o711, from: 2, at: 50), .tag("old", 1),
    ])

    private func permissions(at sequence: UInt64, _ when: When?) -> [UInt32?] {
        let former = Self.index.attributes(at: SequenceNumber(sequence), asked: when)
        return [former.files[FileID(1)], former.directories["d"]?.attributes].map {
            $0?.ownership.permissions
        }
    }

    @Test("as of a snapshot, the last that came before the next one")
    func snapshot() {
        #expect(permissions(at: 1, nil) == [0o644, 0o777])
        #expect(permissions(at: 1, .sequence(1)) == [0o644, 0o777])
    }

    @Test("a tag and a time mean what was there when the tag was set, and then")
    func tagAndTime() {
        #expect(permissions(at: 1, .name("good")) == [0o600, 0o700])
        #expect(permissions(at: 1, .instant(.unix(15))) == [0o600, 0o700])
        #expect(permissions(at: 1, .instant(.unix(25))) == [0o644, 0o777])
    }

    @Test("a tag that was set later on an old snapshot says nothing of what came in between")
    func lateTag() {
        #expect(permissions(at: 1, .name("old")) == [0o644, 0o777])
    }

    @Test("directories are there until they are gone, and what they had is known further")
    func directories() {
        let one = Self.index.attributes(at: SequenceNumber(1)).directories
        #expect(one[""]?.isThere == true && one["d"]?.isThere == true && one["e"] == nil)
        let two = Self.index.attributes(at: SequenceNumber(2)).directories
        #expect(two["d"]?.isThere == false && two["d"]?.attributes == Self.mode(0o777))
        #expect(two["e"]?.isThere == true)
    }

    @Test("of a name that was first told of after the moment, that counts, and a directory is not there")
    func late() {
        let former = Self.index.attributes(at: SequenceNumber(2), asked: .instant(.unix(45)))
        #expect(former.files[FileID(1)] == Self.mode(0o644))
        #expect(former.directories["e"] == FormerDirectory(attributes: Self.mode(0o711), isThere: false))
    }

    @Test("what was said before the snapshot counts, though the clock was ahead then")
    func ahead() {
        let index = SnapshotIndex.madeUp([
            .named(1, "a"), .at(10, 1), Self.file(0o644, from: 1, at: 10),
            Self.file(0o600, from: 1, at: 9000),
            .at(20, 2), Self.file(0o755, from: 2, at: 8000),
        ])
        let former = index.attributes(at: SequenceNumber(2), asked: .instant(.unix(25)))
        #expect(former.files[FileID(1)] == Self.mode(0o600))
    }
}
