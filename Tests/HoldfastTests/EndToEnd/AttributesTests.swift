import Foundation
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage
import TestSupport
import Testing

/// Owners, modes, times, extended attributes and empty directories, through the real watcher and the real
/// restore.
@Suite("Attributes of files and directories", .serialized)
struct AttributesTests {
    private static let isRoot = CurrentProcess.userID == 0

    /// Name, mode, owner and time of all that is there; of databases, logs and directories no time.
    private func list(_ directory: String) throws -> [String] {
        let script = #"""
            find . \( -name '*-wal' -o -name '*-shm' \) -prune -o -type d -printf '%p %m %U:%G\n' \
              -o -name '*.db' -printf '%p %m %U:%G\n' -o -type f -printf '%p %m %U:%G %T@\n' | LC_ALL=C sort
            """#
        let result = try Command.run("sh", ["-ec", script], directory: directory)
        return result.stdout.split(separator: "\n").map(String.init)
    }

    private static let tree = """
        chmod 600 a.db; mkdir -p sub/empty bin/deep; echo key > sub/key; echo run > bin/run; echo old > old
        touch -d '2020-02-03 04:05:06.789' old; touch -d '1960-01-01 00:00:00.5' bin/deep; chmod 640 sub/key
        chmod 755 bin/run; chmod 400 old; chmod 711 bin; chmod 1777 bin/deep; chmod 2750 sub; chmod 500 sub/empty
        """

    @Test("all comes back to another place, and so do empty directories")
    func output() throws {
        let protection = try Protection()
        try protection.shell(
            Self.tree + (Self.isRoot ? "; chown -R 12:34 sub; chown 5:6 old; chmod 400 old" : "")
        )
        try protection.watch()
        try protection.sync()
        let before = try list(protection.data)
        #expect(try list(protection.restoreAll()) == before)

        // The same when all of it came while it was watched, in whatever order.
        try protection.shell(
            "mkdir x; cd x; cp ../a.db .; \(Self.tree); chmod 700 . .. a.db; umask 077; mkdir -p y/z"
        )
        try protection.sync()
        let after = try list(protection.data)
        #expect(try list(protection.restoreAll()) == after)
        try protection.stop()
        // And in a watcher's absence.
        try protection.shell(
            "rm -rf x/sub; mkdir late; chmod 751 late; chmod 711 bin/run; touch -d 2001-01-01 sub/key"
        )
        try protection.watch()
        try protection.sync()
        let last = try list(protection.data)
        #expect(try list(protection.restoreAll()) == last)
        try protection.check()
    }

    @Test("all that is gone comes back to its place, and what is there keeps what it has")
    func inPlace() throws {
        let protection = try Protection()
        try protection.shell(Self.tree)
        try protection.watch()
        try protection.holdfast("snapshot", "--tag", "good", protection.data)
        let before = try list(protection.data)
        try protection.shell("rm -rf sub bin old a.db*")
        try protection.sync()
        try protection.holdfast("restore", protection.data, "--at", "good", "--in-place")
        #expect(try list(protection.data) == before)
        try protection.shell("chmod 644 old; chmod 00755 sub; rm sub/key; echo new > bin/run")
        try protection.sync()
        try protection.holdfast("restore", protection.data, "--at", "good", "--in-place")
        #expect(try protection.shellOutput("stat -c %a old sub bin/run sub/key") == "644\n755\n755\n640\n")
        // One file of a directory that is gone: its directory comes with it, and nothing else.
        try protection.shell("rm -rf sub bin")
        try protection.sync()
        try protection.holdfast("restore", protection.data + "/bin/run", "--at", "good", "--in-place")
        #expect(
            try protection.shellOutput("stat -c %a bin bin/run; ls bin; ls")
                == "711\n755\nrun\na.db\nbin\nold\n"
        )
    }

    @Test("a tag has what was there when it was set; the newest snapshot has what is there now")
    func tags() throws {
        let protection = try Protection()
        try protection.shell("mkdir empty; echo x > secret; chmod 600 secret; chmod 700 empty")
        try protection.watch()
        try protection.holdfast("snapshot", "--tag", "good", protection.data)
        try protection.shell("chmod 777 secret; rmdir empty; mkdir other")
        try protection.sync()
        let good = protection.folder.file("good")
        try protection.holdfast("restore", protection.data, "--at", "good", "--output", good)
        #expect(try list(good).map { $0.prefix { $0 != ":" } }.filter { !$0.hasPrefix("./a.db") }.count == 3)
        let modes = try Command.run("stat", ["-c", "%a", good + "/secret", good + "/empty"]).stdout
        #expect(modes == "600\n700\n")
        let latest = try protection.restoreAll()
        let now = try Command.run("stat", ["-c", "%a", latest + "/secret", latest + "/other"]).stdout
        #expect(now == "777\n755\n")
    }

    @Test("a file that gets its mode after its content was captured has that mode")
    func modeAfterContent() throws {
        let protection = try Protection()
        try protection.watch()
        try protection.shell("echo token > token")
        let sequence = try protection.sync()
        try protection.shell("chmod 600 token")
        try protection.sync()
        try protection.shell("rm token")
        #expect(try protection.sync() > sequence)
        let copy = protection.folder.file("copy")
        try protection.holdfast(
            "restore",
            protection.data + "/token",
            "--at",
            "\(sequence)",
            "--output",
            copy
        )
        #expect(try Command.run("stat", ["-c", "%a", copy]).stdout == "600\n")
    }

    @Test(
        "who may not give a file away gets it closed to others, is told, and it is done all the same",
        .enabled(if: isRoot)
    )
    func otherOwner() throws {
        let protection = try Protection()
        try protection.shell(
            "echo a > a; echo b > b; mkdir d; chown 12:34 a b d; chmod 4770 a; chmod 6775 b; chmod 2754 d"
        )
        try protection.watch()
        try protection.sync()
        let (output, environment) = (protection.folder.file("out"), protection.environment)
        let result = try Command.run(
            "setpriv",
            [
                "--bounding-set=-chown,-fsetid", HoldfastProgram.path, "restore", protection.data, "--output",
                output,
            ],
            environment: HoldfastProgram.environment(environment)
        )
        #expect(result.status == 0, "\(result.stderr)")
        let lines = result.stderr.split(separator: "\n").filter { $0.contains("could not restore") }
        #expect(
            lines.count == 1 && lines[0].contains("the owner") && lines[0].contains("and 2 more"),
            "\(lines)"
        )
        let modes = try Command.run("stat", ["-c", "%a", output + "/a", output + "/b", output + "/d"]).stdout
        #expect(modes == "700\n755\n744\n")
    }

    @Test("out of a repository of somebody else no program gets another user's rights", .enabled(if: isRoot))
    func otherRepository() throws {
        let protection = try Protection()
        try protection.shell("echo a > a; chmod 6755 a; mkdir d; chmod 3770 d")
        try protection.watch()
        try protection.sync()
        try protection.stop()
        func modes() throws -> String {
            let copy = try protection.restoreAll()
            return try Command.run("stat", ["-c", "%a", copy + "/a", copy + "/d"]).stdout
        }
        #expect(try modes() == "6755\n3770\n")
        _ = try Command.run("chown", ["-R", "12:34", "repository"], directory: protection.folder.path)
        #expect(try modes() == "755\n1770\n")
    }

    @Test("extended attributes and access control lists come back, of directories too")
    func extended() throws {
        let protection = try Protection()
        try protection.shell("echo x > file; mkdir d d/empty")
        let user = ExtendedAttribute(name: Array("user.note".utf8), value: [0, 255, 7])
        // acl_ea_header and entries of <linux/posix_acl_xattr.h>: owner, a user, group, mask, others.
        let list: [UInt8] =
            [2, 0, 0, 0] + [1, 0, 6, 0, 255, 255, 255, 255] + [2, 0, 6, 0, 41, 0, 0, 0]
            + [4, 0, 0, 0, 255, 255, 255, 255] + [16, 0, 6, 0, 255, 255, 255, 255]
            + [32, 0, 0, 0, 255, 255, 255, 255]
        let access = ExtendedAttribute(name: Array(ExtendedAttribute.accessList.utf8), value: list)
        let standard = ExtendedAttribute(name: Array(ExtendedAttribute.defaultList.utf8), value: list)
        let (file, directory) = (protection.data + "/file", protection.data + "/d")
        guard try give(file, 0o660, [access, user]), try give(directory, 0o770, [access, standard, user])
        else {
            return
        }
        try protection.watch()
        try protection.holdfast("snapshot", "--tag", "good", protection.data)
        let before = try [file, directory, directory + "/empty"].map(attributes)
        #expect(before[0].extended.count == 2 && before[1].extended.count == 3)

        let copy = try protection.restoreAll()
        #expect(try ["/file", "/d", "/d/empty"].map { try attributes(copy + $0) } == before)
        try protection.shell("rm -rf file d")
        try protection.sync()
        try protection.holdfast("restore", protection.data, "--at", "good", "--in-place")
        #expect(try [file, directory, directory + "/empty"].map(attributes) == before)

        // A list that the place of the restore would give is not one of the file.
        _ = try give(file, 0o640, [])
        try protection.sync()
        let open = protection.folder.file("open")
        try FileManager.default.createDirectory(atPath: open, withIntermediateDirectories: false)
        #expect(try give(open, 0o770, [standard]))
        try protection.holdfast("restore", file, "--output", open + "/file")
        #expect(try attributes(open + "/file") == attributes(file))
        try protection.check()
    }

    @Test("a time or an attribute that changes alone is seen when it changes")
    func alone() throws {
        let protection = try Protection()
        try protection.shell("echo x > file; mkdir d")
        try protection.watch()
        try protection.sync()
        let file = protection.data + "/file"
        try protection.shell("touch -d '2001-02-03 04:05:06' file")
        try protection.sync()
        #expect(try list(protection.restoreAll()) == list(protection.data))
        let note = ExtendedAttribute(name: Array("user.note".utf8), value: [1])
        guard try give(file, 0o644, [note]), try give(protection.data + "/d", 0o755, [note]) else { return }
        try protection.sync()
        let copy = try protection.restoreAll()
        let found = try [copy + "/file", copy + "/d"].map { try attributes($0).extended }
        #expect(found == [[note], [note]])
    }

    @Test("a file where a directory was is named once, and the rest comes back")
    func fileInTheWay() throws {
        let protection = try Protection()
        try protection.shell("mkdir empty full; echo x > full/x; echo y > y")
        try protection.watch()
        try protection.holdfast("snapshot", "--tag", "good", protection.data)
        try protection.shell("rm -r empty full y; echo > empty; echo > full")
        try protection.sync()
        let result = try protection.holdfast(
            "restore",
            protection.data,
            "--at",
            "good",
            "--in-place",
            expecting: 3
        )
        let failures = result.stderr.split(separator: "\n").filter { $0.contains("was left as it is") }
        #expect(failures.count == 2 && failures[0].contains("/empty ") && failures[1].contains("/full/x "))
        #expect(result.stdout.contains("2 files of"), "\(result.stdout)")
        #expect(try protection.shellOutput("cat y") == "y\n")
    }

    @Test("a file that got the name and the inode of a directory is not taken for it")
    func reusedInode() throws {
        let protection = try Protection()
        // File systems give the number of an inode that is gone to the next one that is made.
        try protection.shell("mkdir conf; echo inner > conf/x")
        try protection.watch()
        try protection.sync()
        protection.watcher?.signal(SIGSTOP)
        try protection.shell("rm -r conf; echo file > conf")
        protection.watcher?.signal(SIGCONT)
        try protection.sync()
        let copy = protection.folder.file("copy")
        try protection.holdfast("restore", protection.data, "--output", copy)
        #expect(try String(contentsOfFile: copy + "/conf", encoding: .utf8) == "file\n")
    }

    @Test("more extended attributes than are kept are named, and the file is no more open for it")
    func tooMany() throws {
        let protection = try Protection()
        try protection.shell("echo x > file; chmod 664 file")
        let values = (0..<40).map {
            ExtendedAttribute(name: Array("user.n\($0)".utf8), value: [UInt8](repeating: 7, count: 3000))
        }
        // Many file systems have room for one block of them.
        guard try give(protection.data + "/file", 0o664, values) else { return }
        try protection.watch()
        try protection.sync()
        let copy = protection.folder.file("copy")
        let result = try protection.holdfast("restore", protection.data + "/file", "--output", copy)
        #expect(result.stderr.contains("extended attributes of more than 64 KiB"), "\(result.stderr)")
        #expect(try Command.run("stat", ["-c", "%a", copy]).stdout == "604\n")
    }

    private func give(_ path: String, _ mode: UInt32, _ extended: [ExtendedAttribute]) throws -> Bool {
        let file = try OpenFile(FilePath(path), .read)
        let attributes = FileAttributes(
            ownership: try file.status().ownership.with(permissions: mode),
            extended: extended
        )
        return file.setAttributes(attributes, as: FilePath(path)).isEmpty
    }

    private func attributes(_ path: String) throws -> FileAttributes {
        let found = try FileAttributes.direct(FilePath(path), keepingTime: false)
        return found.attributes
    }

    @Test("an archive has the modes and the empty directories")
    func archive() throws {
        let protection = try Protection()
        try protection.shell(Self.tree)
        try protection.watch()
        try protection.sync()
        let before = try list(protection.data)
        let (archive, out) = (protection.folder.file("all.tar"), protection.folder.file("out"))
        try protection.holdfast("export", protection.data, "--format", "tar", "--output", archive)
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: false)
        let result = try Command.run("tar", ["-xpf", archive, "-C", out])
        #expect(result.status == 0, "\(result.stderr)")
        let name = FilePath(protection.data).lastComponent!.string
        let after = try list("\(out)/\(name)")
        // Of times it has whole seconds.
        #expect(
            after.map { $0.split(separator: " ").prefix(3) }
                == before.map { $0.split(separator: " ").prefix(3) }
        )
    }

    @Test("a commit says nothing of attributes; each change of them is said once")
    func quiet() throws {
        let protection = try Protection()
        try protection.watch()
        for number in 0..<20 {
            try SQLite3.sql("INSERT INTO t VALUES(\(number), 'x');", on: protection.database)
        }
        try protection.shell("chmod 640 a.db; chmod 640 a.db; mkdir d; touch d; touch -a d a.db")
        try protection.sync()
        try protection.stop()
        try protection.watch()
        try protection.sync()
        let repository = try RepositoryDirectory(at: FilePath(protection.folder.file("repository")))
        var said: [AttributesRecord.Subject: [UInt32?]] = [:]
        try RootHistory(try #require(repository.roots().usable.first)).visit { event in
            guard case .attributes(let record) = event else { return }
            said[record.subject, default: []].append(record.attributes?.ownership.permissions)
        }
        let file = AttributesRecord.Subject.file(FileID(1))
        #expect(said[file]?.count == 2 && said[file]?.last == 0o640, "\(said)")
        #expect(said[.directory("d")]?.count == 1 && said[.directory("")]?.count == 1, "\(said)")
        #expect(said.count == 3, "\(said)")
    }
}

extension Protection {
    fileprivate func shellOutput(_ script: String) throws -> String {
        try Command.run("sh", ["-ec", script], directory: data).stdout
    }
}
