import Foundation
import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@Suite(
    "Numbers that a file system says",
    .serialized,
    .enabled(if: SmallFileSystem.isAllowed(.tmpfs), "needs the right to mount")
)
struct NumbersFromOutsideTests {
    private static let longest = UInt64(Int64.max)

    @Test("files of a repository that are together longer than a number can say")
    func repository() throws {
        let protection = try Protection()
        let mount = try SmallFileSystem(protection.folder.file("repository"), byteCount: 64 << 20)
        defer { _ = mount }
        try protection.holdfast("watch", "--once", protection.data)
        let roots = protection.folder.file("repository") + "/roots"
        let root = try #require(FileManager.default.contentsOfDirectory(atPath: roots).first)
        for name in ["x", "mirror/x", "mirror/y", "bases/x"] {
            try OpenFile(FilePath("\(roots)/\(root)/\(name)"), .updateOrCreate).truncate(to: Self.longest)
        }
        try protection.holdfast("stats")
        try protection.status()
        try protection.holdfast("watch", "--once", protection.data)
        try protection.holdfast("forget", "--keep-last", "1", protection.data)
    }

    @Test("a database whose time is centuries away is restored in its place", arguments: ["1700", "2240"])
    func time(year: String) throws {
        let protection = try Protection("")
        let mount = try SmallFileSystem(protection.data + "/m", byteCount: 16 << 20)
        defer { _ = mount }
        let database = protection.data + "/m/d.db"
        try SQLite3.sql("CREATE TABLE t(i); INSERT INTO t VALUES(1);", on: database)
        try protection.holdfast("watch", "--once", protection.data)
        try SQLite3.sql("DELETE FROM t;", on: database)
        try protection.shell("touch -d '\(year)-01-01' m/d.db")
        try protection.holdfast("watch", "--once", protection.data)
        try protection.holdfast("restore", database, "--at", "latest~1", "--in-place")
        #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: database) == "1\n")
    }
}
