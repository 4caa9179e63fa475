import SQLiteFiles
import TestSupport
import Testing

@testable import Capture

@Suite("Proof at a reset")
struct ResetProofTests {
    /// A log that was consumed, then got so many commits, and was reset; and the new generation's header.
    private func reset(unread: Int, bytes: Int) throws -> (setup: FollowedLog, header: WALHeader) {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(3)
        #expect(try setup.poll() == .current)
        try setup.insert(unread)
        try setup.session.sql("PRAGMA wal_checkpoint(RESTART);")
        try setup.insert(1, bytes: bytes)
        return (setup, try #require(try setup.tail.reader.header(&setup.scratch)))
    }

    @Test(
        "nothing was lost when the index counts only what was consumed and what is new",
        arguments: [1, 200_000]
    )
    func nothing(bytes: Int) throws {
        let (setup, header) = try reset(unread: 0, bytes: bytes)
        let position = setup.tail.position
        var proof = ResetProof()
        let uncounted = try proof.uncounted(
            before: header,
            position.mark,
            &setup.tail.reader,
            &setup.scratch
        )
        #expect(uncounted == .commits(0))
        let isProven = try proof.nothingWasOverwritten(
            by: header,
            position,
            &setup.tail.reader,
            &setup.scratch
        )
        #expect(isProven == true)
    }

    @Test("commits that were overwritten unread are counted")
    func overwritten() throws {
        let (setup, header) = try reset(unread: 2, bytes: 200_000)
        let position = setup.tail.position
        var proof = ResetProof()
        let uncounted = try proof.uncounted(
            before: header,
            position.mark,
            &setup.tail.reader,
            &setup.scratch
        )
        #expect(uncounted == .commits(2))
        let isProven = try proof.nothingWasOverwritten(
            by: header,
            position,
            &setup.tail.reader,
            &setup.scratch
        )
        #expect(isProven == false)
        let counted = try proof.countedCommits(before: header, position, &setup.tail.reader, &setup.scratch)
        #expect(counted.isEmpty, "their frames are gone")
    }

    @Test("nothing can be lost where nothing was known")
    func unknown() throws {
        let (setup, header) = try reset(unread: 2, bytes: 200_000)
        var proof = ResetProof()
        let uncounted = try proof.uncounted(before: header, nil, &setup.tail.reader, &setup.scratch)
        #expect(uncounted == .unknown)
        let isProven = try proof.nothingWasOverwritten(
            by: header,
            LogPosition(),
            &setup.tail.reader,
            &setup.scratch
        )
        #expect(isProven == true)
    }
}
