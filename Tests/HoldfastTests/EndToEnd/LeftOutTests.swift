import Foundation
import TestSupport
import Testing

/// What is never captured, and what is said of it.
@Suite("What is left out", .serialized)
struct LeftOutTests {
    private struct Status: Decodable {
        struct Group: Decodable {
            let reason: String
            let count: Int
            let examples: [String]
        }
        let state: String
        let reason: String?
        let left_out: [Group]?
    }

    private func status(_ protection: Protection) throws -> Status {
        let text = try protection.status("--json").stdout
        return try JSONDecoder().decode(Status.self, from: Data(text.utf8))
    }

    /// A repository with a history beside the protected directory.
    private func protection() throws -> Protection {
        let protection = try Protection()
        try protection.shell("mkdir ../mine; cp a.db ../mine/b.db; mkdir sub")
        _ = try HoldfastProgram.run(
            ["watch", "--once", protection.folder.file("mine")],
            environment: ["HOLDFAST_REPO": protection.folder.file("other")]
        )
        return protection
    }

    @Test(
        "a repository is never captured, whenever and however it comes",
        arguments: [
            "cp -r ../other copy", "mv ../other moved", "cp -r ../other sub/deep; mv sub/deep sub/deeper",
            "mkdir slow; cp -r ../other/roots slow; $SYNC; cp ../other/repository.json slow",
            "mkdir first; cp ../other/repository.json first; $SYNC; cp -r ../other/roots first",
            """
            for part in ../other/roots/*/*; do id=$(basename $(dirname $part)); mkdir -p ../draft/roots/$id
            cp -r $part ../draft/roots/$id; mv ../draft only-$(basename $part); done; $SYNC
            """,
            "HOLDFAST_REPO=$PWD/inside \(HoldfastProgram.path) watch --once ../mine",
        ]
    )
    func repositories(script: String) throws {
        let protection = try protection()
        try protection.watch()
        let repository = protection.folder.file("repository")
        let sync = "SYNC='env HOLDFAST_REPO=\(repository) \(HoldfastProgram.path) sync .'"
        try protection.shell(sync + "; " + script + "; echo x > sub/note")
        try protection.sync()
        try protection.stop()
        try protection.watch()
        try protection.sync()
        let paths = try Set(protection.log().compactMap(\.path))
        #expect(paths == [protection.database, protection.data + "/sub/note"], "\(script)")
        let status = try status(protection)
        #expect(status.state == "watching" && status.reason == nil)
        #expect(
            status.left_out?.contains { $0.reason.contains("of holdfast") } == true,
            "\(status)"
        )
    }

    @Test("files of somebody that are called as a repository's are kept, also once it is none any more")
    func likeRepository() throws {
        let protection = try protection()
        try protection.shell(#"mkdir roots; echo '{"format":"mine"}' > repository.json; echo x > roots/x"#)
        try protection.shell(#"cp -r ../other was; mkdir own; echo '{"a":1}' > own/repository.json"#)
        try protection.watch()
        try protection.shell("rm -r was/repository.json was/roots; echo new > was/file")
        try protection.sync()
        let paths = try Set(protection.log().compactMap(\.path)).map {
            $0.dropFirst(protection.data.count + 1)
        }
        #expect(Set(paths) == ["a.db", "repository.json", "roots/x", "own/repository.json", "was/file"])
        #expect(try status(protection).left_out == nil)
    }

    @Test("a root in a repository is refused", arguments: ["", "/roots"])
    func refused(place: String) throws {
        let protection = try Protection()
        try protection.holdfast("watch", protection.data, "--once")
        let path = protection.folder.file("repository") + place
        let result = try protection.holdfast("watch", path, expecting: 64)
        #expect(result.stderr.contains("is in the repository"))
        #expect(try protection.status("--json").stdout.split(separator: "\n").count == 1)
    }

    @Test(
        "file systems that the kernel makes up are left out, and pipes and sockets are not opened",
        .enabled(if: SmallFileSystem.isAllowed, "mounting needs root")
    )
    func pseudo() throws {
        let protection = try Protection()
        try protection.shell(
            """
            mkdir p s; mount -t proc proc p; mount -t sysfs sysfs s; mkfifo pipe; touch version
            mount --bind /proc/version version
            """
        )
        defer { try? protection.shell("umount p s version") }
        try protection.watch()
        try protection.shell("mkdir later; mount -t proc proc later")
        defer { try? protection.shell("umount later") }
        try protection.waitForLeftOut { $0.contains("/later") }
        #expect(try Set(protection.log().compactMap(\.path)) == [protection.database])
        let status = try status(protection)
        #expect(status.state == "watching", "\(status)")
        #expect(Set(status.left_out?.map(\.count) ?? []) == [1, 3], "\(status)")
        #expect(protection.watcher?.stderr.contains("on proc, which the kernel makes up") == true)
    }

    @Test(
        "nothing that the kernel makes up is captured or opened, nor a device, pipe or socket; each kind is one line",
        .enabled(if: SmallFileSystem.isAllowed, "mounting needs root")
    )
    func everyKind() throws {
        let protection = try Protection()
        // Mounts and their files go with the name space. What this kernel does not know is not mounted.
        let script = """
            cd \(protection.data)
            for t in proc sysfs cgroup2 devtmpfs debugfs tracefs securityfs bpf mqueue fusectl pstore hugetlbfs devpts
            do mkdir $t; mount -t $t $t $t && echo $t >> ../mounted; done
            mkdir tmp; mount -t tmpfs tmpfs tmp; mount -t tmpfs tmpfs devtmpfs/shm
            for d in . tmp tmp/deep devtmpfs/shm devtmpfs/shm/deep; do mkdir -p $d; echo real > $d/real; done
            for i in 1 2 3 4; do mkfifo pipe$i; mknod device$i c 1 3; done; mkfifo a.db-wal; mknod repository.json p
            python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('socket')"
            exec strace -f -s 4096 -o ../calls -e trace=open,openat,openat2 "$@"
            """
        let result = try Command.run(
            "unshare",
            ["-m", "sh", "-c", script, "sh", HoldfastProgram.path, "watch", "--once", protection.data],
            environment: HoldfastProgram.environment(protection.environment)
        )
        let said = result.stderr.split(separator: "\n")
        let names = try Set(protection.log().compactMap(\.path)).map {
            $0.dropFirst(protection.data.count + 1)
        }
        let real = ["real", "tmp/real", "tmp/deep/real", "devtmpfs/shm/real", "devtmpfs/shm/deep/real"]
        #expect(Set(names) == Set(real.map { $0[...] }), "\(result)")
        let mounted = try String(contentsOfFile: protection.folder.file("mounted"), encoding: .utf8)
            .split(separator: "\n")
        #expect(mounted.contains("devtmpfs") && mounted.contains("proc"))
        for type in mounted { #expect(said.count { $0.contains("on \(type), ") } == 1, "\(type): \(result)") }
        #expect(
            said.count { $0.contains("6 pipes") } == 1 && said.count { $0.contains("pipes") } == 1,
            "\(result)"
        )
        #expect(said.count { $0.contains("4 devices, such as") } == 1, "\(result)")
        #expect(said.count { $0.contains("/socket is a socket: left out") } == 1, "\(result)")
        let left =
            mounted.filter { $0 != "devtmpfs" } + ["pipe", "device", "a.db-wal", "repository.json", "socket"]
        let calls = try String(contentsOfFile: protection.folder.file("calls"), encoding: .utf8)
        for call in calls.split(separator: "\n") where !call.contains("O_PATH") {
            #expect(!left.contains { call.contains("\(protection.data)/\($0)") }, "\(call)")
        }
    }

    @Test("what the kernel makes up cannot be a root", arguments: ["/proc", "/proc/version", "/sys/kernel"])
    func pseudoRoot(path: String) throws {
        let protection = try Protection()
        let result = try protection.holdfast("watch", "--once", path, expecting: 64)
        #expect(result.stderr.contains("which the kernel makes up"), "\(result)")
    }

    @Test(
        "sockets and pipes that come while it runs are in the status, and no message; replaced by files they are captured"
    )
    func specialLater() throws {
        let protection = try Protection()
        try protection.watch()
        try protection.shell("mkfifo one two; echo x > file; sqlite3 a.db 'INSERT INTO t(b) VALUES(1)'")
        try protection.sync()
        try protection.waitForLeftOut { $0.contains("2 pipes") }
        #expect(protection.watcher?.stderr.contains("pipe") == false)
        try protection.shell("rm one two file; echo now > one; mkfifo file")
        try protection.sync()
        try protection.waitForLeftOut { $0.contains("/file is a pipe") && !$0.contains("/one") }
        let log = try protection.log()
        #expect(log.last { $0.path == protection.data + "/file" }?.event == "deleted", "\(log)")
        #expect(log.contains { $0.path == protection.data + "/one" }, "\(log)")
        try protection.expectInOrder()
    }

    @Test("hundreds of files that cannot be read are one line, with some of them, and the rest is protected")
    func manyUnreadable() throws {
        let protection = try Protection()
        try protection.shell(
            "mkdir closed; for i in $(seq 300); do echo $i > closed/$i; done; chmod 000 closed/*"
        )
        let result = try HoldfastProgram.runWithoutPrivileges(
            ["watch", protection.data, "--once"],
            environment: protection.environment
        )
        #expect(result.status == 3, "\(result)")
        let lines = result.stderr.split(separator: "\n").filter { $0.contains("left out") }
        #expect(lines.count == 1 && lines.first?.contains("300 files") == true, "\(result)")
        #expect(lines.first?.contains(protection.data + "/closed/1") == true, "\(result)")
        #expect(try protection.snapshots().count == 1)
    }

    @Test(
        "a link that leads to a database is named, with what to do, whenever it appears",
        arguments: [true, false]
    )
    func links(isThereBefore: Bool) throws {
        let protection = try Protection()
        let script = """
            mkdir ../real; cp a.db ../real/app.db; mv a.db ../real/a.db; ln -s ../real/app.db app.db
            ln -s $PWD/../real way; ln -s ../real/a.db a.db; ln -s nowhere dangling; ln -s app.db alias
            """
        if isThereBefore { try protection.shell(script) }
        try protection.watch()
        if !isThereBefore { try protection.shell(script) }
        let watcher = try #require(protection.watcher)
        for name in ["a.db", "app.db"] {
            let line =
                "\(protection.data)/\(name) is a symbolic link to a database outside: it is not followed; "
            try watcher.waitForError { $0.contains(line + "protect ") && $0.contains("/real/\(name) itself") }
        }
        try protection.waitForLeftOut {
            $0.contains("/app.db") && $0.contains("/a.db") && $0.contains("/way")
        }
        let text = try protection.status().stdout
        #expect(text.contains("app.db is a symbolic link to a database outside"))
        let status = try status(protection)
        #expect(status.state == "watching" && status.reason == nil, "\(status)")
        try protection.shell("rm app.db way alias dangling; mv ../real/app.db app.db")
        try protection.sync()
        #expect(try !protection.status().stdout.contains("app.db"))
        try protection.sync()
        #expect(try protection.log().contains { $0.path == protection.data + "/app.db" })
    }
}

extension Protection {
    /// Waits until the paths that `status` has as left out meet a condition.
    fileprivate func waitForLeftOut(_ condition: (String) -> Bool) throws {
        try wait(for: "what is left out") { try condition(status("--json").stdout) }
    }
}
