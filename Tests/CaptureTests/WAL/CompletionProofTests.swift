import SQLiteFiles
import TestSupport
import Testing

@testable import Capture

@Suite("Proof of a complete commit")
struct CompletionProofTests {
    /// A commit of so many bytes behind what was consumed, and the chain at its end.
    private func committed(_ bytes: Int, _ setup: FollowedLog) throws -> WALChain {
        #expect(try setup.poll() == .current)
        let start = try #require(setup.tail.position.chain)
        try setup.insert(1, bytes: bytes)
        var frames = FrameCursor(behind: start)
        while try setup.tail.reader.next(&frames, &setup.scratch) {}
        return frames.chain
    }

    @Test("is that the index counts it while a process uses one")
    func counted() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        let end = try committed(100, setup)
        let position = setup.tail.position
        var proof = CompletionProof()
        func isComplete(_ end: WALChain) throws -> Bool? {
            try proof.isComplete(end, behind: position, &setup.tail.reader, &setup.scratch)
        }
        #expect(try isComplete(end) == true)
        #expect(try isComplete(uncounted(end)) == false)
    }

    @Test("is a second read of the same frames when no process uses an index, chunk by chunk")
    func readAgain() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;", hasIndex: false)
        let end = try committed(6_000_000, setup)
        let position = setup.tail.position
        var proof = CompletionProof()
        func isComplete(_ end: WALChain) throws -> Bool? {
            setup.tail.reader.beginChunk()
            return try proof.isComplete(end, behind: position, &setup.tail.reader, &setup.scratch)
        }
        #expect(try isComplete(end) == nil)
        #expect(try isComplete(end) == true)
        #expect(try isComplete(uncounted(end)) == nil)
        #expect(try isComplete(uncounted(end)) == false)
    }

    /// An end one frame later, which is not in the log.
    private func uncounted(_ end: WALChain) -> WALChain {
        WALChain(
            salts: end.salts,
            order: end.order,
            pageSize: end.pageSize,
            frameCount: end.frameCount + 1,
            checksum: WALChecksum()
        )
    }
}
