import LinuxSystem
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

    @Test("exchanges the names of two directories; without one of them nothing is changed")
    func exchange() throws {
        let folder = try TemporaryDirectory()
        let (one, other) = (FilePath(folder.file("one")), FilePath(folder.file("other")))
        try Directory.make(one.appending("a"))
        #expect(throws: SystemError.self) { try Directory.exchange(one, other) }
        #expect(try Directory.names(in: one) == ["a"])
        try Directory.make(other.appending("b"))
        try Directory.exchange(one, other)
        #expect(try Directory.names(in: one) == ["b"] && Directory.names(in: other) == ["a"])
        #expect(try Directory.names(in: FilePath(folder.path)).count == 2)
    }

    @Test("never takes a name that is in use unless told to")
    func names() throws {
        let folder = try TemporaryDirectory()
        let (one, two) = (FilePath(folder.file("1")), FilePath(folder.file("2")))
        try folder.write([1], to: "1")
        try folder.write([2], to: "2")
        #expect(throws: SystemError(.create, two, code: .fileExists)) {
            try Directory.renameToNew(one, to: two)
        }
        #expect(try folder.bytes(of: "2") == [2])
        try Directory.rename(one, to: two)
        #expect(try folder.bytes(of: "2") == [1])
        try Directory.renameToNew(two, to: one)
        #expect(!folder.exists("2"))
    }

    @Test("where a directory cannot be synchronised there is nothing to wait for; a failing disk is an error")
    func synchronise() throws {
        let folder = try TemporaryDirectory()
        try folder.write([1], to: "1")
        let path = FilePath(folder.path)
        let directory = try OpenDirectory(following: path)
        let file = try OpenFile(FilePath(folder.file("1")), .read)
        defer { Faults.arm(nil) }
        for code in [Errno.invalidArgument, .notSupported, .noFunction] {
            Faults.arm { point, _ in point == .synchronise ? .fails(errno: code.rawValue) : nil }
            try Directory.synchronise(path)
            try directory.synchronise()
            #expect(throws: SystemError(.synchronise, file.path, code: code)) { try file.synchronise() }
        }
        Faults.arm { point, _ in point == .synchronise ? .fails(errno: Errno.ioError.rawValue) : nil }
        #expect(throws: SystemError(.synchronise, path, code: .ioError)) { try Directory.synchronise(path) }
    }

    @Test(
        "a free name is given, and a taken one is not, where files have one name and renameat2 has no flags",
        .enabled(if: SmallFileSystem.isAllowed(.exfat), "needs root, mkfs.exfat and exfat-fuse")
    )
    func namesWithoutLinks() throws {
        let folder = try TemporaryDirectory()
        let disk = try SmallFileSystem(folder.file("disk"), byteCount: 8 << 20, .exfat)
        let (one, two) = (FilePath(disk.path + "/1"), FilePath(disk.path + "/2"))
        let held = try OpenDirectory(following: FilePath(disk.path))
        #expect(try !held.keepsModes())
        #expect(try OpenDirectory(following: FilePath(folder.path)).keepsModes())
        try folder.write([1], to: "disk/1")
        try folder.write([2], to: "disk/2")
        #expect(throws: SystemError(.create, two, code: .fileExists)) {
            try Directory.renameToNew(one, to: two)
        }
        #expect(try folder.bytes(of: "disk/1") == [1] && folder.bytes(of: "disk/2") == [2])
        try Directory.renameToNew(two, to: FilePath(disk.path + "/3"))
        try DirectoryEntry("1", in: held).renameToNew(DirectoryEntry("2", in: held))
        #expect(try folder.bytes(of: "disk/3") == [2] && folder.bytes(of: "disk/2") == [1])
        #expect(try held.names().sorted { $0.string < $1.string } == ["2", "3"])
        #expect(throws: SystemError.self) { try Directory.addName(FilePath(disk.path + "/4"), to: two) }
        try OpenFile(two, .update).setOwnership(
            FileOwnership(userID: 0, groupID: 0, permissions: 0o600)
        )
    }
}
