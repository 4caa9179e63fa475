import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import Recovery

@Suite struct UnfinishedWorkTests {
    @Test("does not replace what took the name meanwhile, unless told to")
    func takenName() throws {
        try withTemporaryDirectory { directory in
            let work = try UnfinishedWork.makeDirectory(in: FilePath(directory.path))
            let image = DirectoryEntry("image", in: work)
            try directory.write([1], to: "\(try #require(work.path.lastComponent).string)/image")
            try directory.write([2], to: "taken")
            let name = DirectoryEntry("taken", in: try OpenDirectory(FilePath(directory.path)))

            let error = #expect(throws: SystemError.self) {
                try UnfinishedWork.name(image, name, isReplacing: false)
            }
            #expect(error?.code == .fileExists)
            #expect(try directory.bytes(of: "taken") == [2])
            try UnfinishedWork.name(image, name, isReplacing: true)
            #expect(try directory.bytes(of: "taken") == [1])
        }
    }

    @Test("makes directories that nobody else may enter, and leaves nothing of them")
    func privacy() throws {
        try withTemporaryDirectory { directory in
            let work = try UnfinishedWork.makeDirectory(in: FilePath(directory.path))
            #expect(try FileStatus.of(work.path).permissions == 0o700)
            try directory.write([1], to: "\(try #require(work.path.lastComponent).string)/image")
            UnfinishedWork.discard(work)
            #expect(try Directory.names(in: FilePath(directory.path)).isEmpty)
            #expect(throws: SystemError.self) {
                try UnfinishedWork.makeDirectory(in: FilePath(directory.file("no/such")))
            }
            #expect(!directory.exists("no"))
        }
    }

    @Test("removes what a killed process left, and nothing that a living one works in")
    func leftovers() throws {
        try withTemporaryDirectory { directory in
            let parent = FilePath(directory.path)
            let own = try UnfinishedWork.makeDirectory(in: parent)
            let other = parent.appending(".holdfast-restore-00000000000000aa")
            let left = parent.appending(".holdfast-restore-00000000000000bb")
            try Directory.make(other)
            try Directory.make(left)
            try directory.write([1], to: ".holdfast-restore-00000000000000bb/wanted-1")
            // Its own file description, as another process has it.
            let lock = try OpenFile(other, .read)
            #expect(try lock.takeExclusiveLock())

            let next = try UnfinishedWork.makeDirectory(in: parent)
            #expect(
                try Set(Directory.names(in: parent))
                    == Set([own.path, other, next.path].compactMap(\.lastComponent))
            )
            UnfinishedWork.discard(own)
            UnfinishedWork.discard(next)
            _ = consume lock
            UnfinishedWork.discard(try UnfinishedWork.makeDirectory(in: parent))
            #expect(try Directory.names(in: parent).isEmpty)
        }
    }
}
