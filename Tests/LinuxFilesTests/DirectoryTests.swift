import LinuxFiles
import SystemPackage
import TestSupport
import Testing

@Suite("Directory")
struct DirectoryTests {
    @Test("makes all that is missing, for the owner alone")
    func make() throws {
        let folder = try TemporaryDirectory()
        let path = FilePath(folder.file("a/b/c"))
        try Directory.make(path)
        try Directory.make(path)
        #expect(try FileStatus.of(path).permissions == 0o700)
        #expect(try Directory.names(in: FilePath(folder.path)) == ["a"])
    }

    @Test("refuses a file where a directory is wanted")
    func notADirectory() throws {
        let folder = try TemporaryDirectory()
        try folder.write([], to: "a")
        #expect(throws: SystemError.self) { try Directory.make(FilePath(folder.file("a"))) }
        #expect(throws: SystemError.self) { try Directory.make(FilePath(folder.file("a/b"))) }
    }

    @Test("lists names that are not UTF-8 and takes paths apart into bytes and back")
    func oddNames() throws {
        let folder = try TemporaryDirectory()
        let bytes = Array(folder.path.utf8) + [0x2F, 0xFF, 0x41]
        let path = try #require(FilePath(bytes: bytes))
        _ = try OpenFile(path, .createNew)
        #expect(path.bytes == bytes)
        #expect(try Directory.names(in: FilePath(folder.path)) == [path.lastComponent])
        #expect(FilePath(bytes: [0x41, 0]) == nil)
    }

    @Test("never takes a name that is in use unless told to")
    func names() throws {
        let folder = try TemporaryDirectory()
        let (one, two) = (FilePath(folder.file("1")), FilePath(folder.file("2")))
        try folder.write([1], to: "1")
        try folder.write([2], to: "2")
        #expect(throws: SystemError("create", two, code: .fileExists)) {
            try Directory.renameToNew(one, to: two)
        }
        #expect(try folder.bytes(of: "2") == [2])
        try Directory.rename(one, to: two)
        #expect(try folder.bytes(of: "2") == [1])
        try Directory.renameToNew(two, to: one)
        #expect(!folder.exists("2"))
    }
}
