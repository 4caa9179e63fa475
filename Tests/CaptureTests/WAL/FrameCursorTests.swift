import LinuxSystem
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("Frames of a log")
struct FrameCursorTests {
    /// Goes through a log as far as its frames chain. Returns the cursor there, and the number of commits.
    private func passed(
        _ log: PinnedFile,
        _ setup: FollowedLog,
        chunk: inout Int
    ) throws -> (frames: FrameCursor, commits: Int) {
        let header = try #require(try setup.tail.reader.header(&setup.scratch))
        var frames = FrameCursor(behind: WALChain(header: header))
        var commits = 0
        while try frames.next(log, &setup.scratch, &chunk) {
            #expect(frames.content.count == 4096 && frames.content.upperBound <= setup.scratch.count)
            if frames.databasePages != nil { commits += 1 }
        }
        return (frames, commits)
    }

    @Test("are passed once each, however many one read takes")
    func all() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        var chunk = 0
        let before = try passed(setup.tail.log, setup, chunk: &chunk).commits
        // More than one read of any length.
        try setup.insert(4, bytes: 400_000)
        chunk = 0
        let (frames, commits) = try passed(setup.tail.log, setup, chunk: &chunk)
        let index = try #require(try setup.tail.reader.index.read(&setup.scratch))
        #expect(commits == before + 4)
        #expect(frames.chain == index.chain && frames.databasePages == index.databasePages)
        #expect(chunk == -Int(index.lastFrame) * frames.chain.frameBytes)
        // However much was passed, nothing follows the last commit.
        #expect(frames.unfinishedBytes == 0)
    }

    @Test("end before the first one that does not chain")
    func damaged() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(1, bytes: 40_000)
        var bytes = try setup.folder.bytes(of: "a.db-wal")
        bytes[WALLayout.headerBytes + 4 * 4120 + 1000] ^= 1
        let copy = try PinnedFile(FilePath(setup.folder.write(bytes, to: "copy")))
        var chunk = 0
        let frames = try passed(copy, setup, chunk: &chunk).frames
        #expect(frames.chain.frameCount == 4)
    }
}
