import Foundation
import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@Suite("The watcher only looks", .serialized)
struct OnlyLooksTests {
    @Test(
        "creates, changes and locks nothing, and has nothing open for writing",
        arguments: ["DELETE", "WAL"]
    )
    func onlyLooks(_ mode: String) throws {
        let protection = try Protection(
            "PRAGMA journal_mode=\(mode); CREATE TABLE t(i INTEGER PRIMARY KEY, b);"
        )
        try FileManager.default.createDirectory(
            atPath: protection.data + "/memory",
            withIntermediateDirectories: false
        )
        try Data("text".utf8).write(to: URL(fileURLWithPath: protection.data + "/memory/notes.md"))
        let session = try SQLite3Session(protection.database)
        try session.sql("INSERT INTO t(b) VALUES(1);")
        let before = try Self.contents(of: protection.data)
        try protection.watch()
        try protection.sync()
        try expectLooking(protection)
        #expect(try Self.contents(of: protection.data) == before)

        // Amid a write transaction as well.
        try session.sql("BEGIN IMMEDIATE; INSERT INTO t(b) VALUES(2);")
        try expectLooking(protection)
        try session.sql("COMMIT;")
        try protection.sync()
        try expectLooking(protection)
        try session.close()
        try protection.sync()
        let quiet = try Self.contents(of: protection.data)
        try protection.stop()
        #expect(try Self.contents(of: protection.data) == quiet)
        #expect(try SQLite3.sql("PRAGMA journal_mode;", on: protection.database) == mode.lowercased() + "\n")
        #expect(try SQLite3.sql("SELECT count(*) FROM sqlite_schema;", on: protection.database) == "1\n")
    }

    /// Reads the watcher's open files and locks from /proc.
    private func expectLooking(_ protection: Protection) throws {
        let pid = try #require(protection.watcher?.processID)
        let files = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")
        for file in files {
            guard
                let target = try? FileManager.default.destinationOfSymbolicLink(
                    atPath: "/proc/\(pid)/fd/\(file)"
                ),
                target.hasPrefix(protection.data)
            else { continue }
            let info = try String(contentsOfFile: "/proc/\(pid)/fdinfo/\(file)", encoding: .utf8)
            let flags = try #require(info.split(separator: "\n").first { $0.hasPrefix("flags:") })
            let mode = try #require(UInt32(flags.split(separator: "\t")[1], radix: 8))
            #expect(mode & UInt32(O_ACCMODE) == UInt32(O_RDONLY), "\(target) is open with \(flags)")
            #expect(!info.contains("lock:"), "\(target) is locked: \(info)")
        }
        let inodes = try Set(Self.contents(of: protection.data).map(\.inode))
        for line in try String(contentsOfFile: "/proc/locks", encoding: .utf8).split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 5, fields[4] == "\(pid)", let inode = fields[5].split(separator: ":").last
            else { continue }
            #expect(!inodes.contains(UInt64(inode) ?? 0), "the watcher holds \(line)")
        }
    }

    private struct Entry: Equatable {
        let path: String
        let bytes: [UInt8]
        let modified: Int64
        let changed: Int64
        let inode: UInt64
        let permissions: UInt32
    }

    private static func contents(of directory: String) throws -> [Entry] {
        try FileManager.default.subpathsOfDirectory(atPath: directory).sorted().map { name in
            let path = FilePath(directory + "/" + name)
            let status = try FileStatus.of(path, followingLinks: false)
            let isFile = status.kind == .regular
            return Entry(
                path: name,
                bytes: isFile ? try [UInt8](Data(contentsOf: URL(fileURLWithPath: path.string))) : [],
                modified: status.modified,
                changed: status.changed,
                inode: status.identity.inode,
                permissions: status.permissions
            )
        }
    }
}
