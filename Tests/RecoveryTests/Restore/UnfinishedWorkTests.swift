import LinuxFiles
import SystemPackage
import TestSupport
import Testing

@testable import Recovery

@Suite struct UnfinishedWorkTests {
    @Test("does not replace what took the name meanwhile, unless told to")
    func takenName() throws {
        try withTemporaryDirectory { directory in
            let work = try UnfinishedWork.makeDirectory(in: FilePath(directory.path))
            let image = work.appending("image")
            try directory.write([1], to: "\(try #require(work.lastComponent).string)/image")
            let name = FilePath(try directory.write([2], to: "taken"))

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
            #expect(try FileStatus.of(work).permissions == 0o700)
            try directory.write([1], to: "\(try #require(work.lastComponent).string)/image")
            UnfinishedWork.discard(work)
            #expect(try Directory.names(in: FilePath(directory.path)).isEmpty)
            #expect(throws: SystemError.self) {
                try UnfinishedWork.makeDirectory(in: FilePath(directory.file("no/such")))
            }
            #expect(!directory.exists("no"))
        }
    }
}
