import Foundation
import TestSupport
import Testing

@Suite("A repository is its owner's alone", .serialized)
struct PrivateRepositoryTests {
    private static let needsRoot: Comment = "acting as another user needs root"

    /// A protection whose repository holds a history.
    private func recorded() throws -> Protection {
        let protection = try Protection(
            "CREATE TABLE t(i INTEGER PRIMARY KEY, b); INSERT INTO t(b) VALUES('old');"
        )
        try protection.holdfast("watch", "--once", protection.data)
        return protection
    }

    private func sh(_ script: String, _ protection: Protection) throws -> CommandResult {
        try Command.run(
            "sh",
            ["-c", script],
            environment: HoldfastProgram.environment(protection.environment),
            directory: protection.folder.path
        )
    }

    /// The directory of the only root.
    private func root(_ protection: Protection) throws -> String {
        let roots = protection.folder.file("repository/roots")
        return try "\(roots)/" + #require(FileManager.default.contentsOfDirectory(atPath: roots).first)
    }

    @Test(
        "its directories are 0700, its files and its socket 0600, what is restored as it was, whatever the mask",
        arguments: ["0", "077", "0777"]
    )
    func modes(mask: String) throws {
        let protection = try Protection()
        try FileManager.default.removeItem(atPath: protection.database)
        try SQLite3.sql("CREATE TABLE t(b);", on: protection.database)
        let before: [FileAttributeKey: Any] = [.posixPermissions: 0o640]
        try FileManager.default.setAttributes(before, ofItemAtPath: protection.database)
        let watcher = try RunningProgram(
            "/bin/sh",
            ["-c", "umask \(mask); exec \(HoldfastProgram.path) watch \(protection.data)"],
            environment: HoldfastProgram.environment(protection.environment)
        )
        try watcher.waitForError { $0.hasPrefix("ready") }
        let found = try sh(
            "find repository -type s; find repository ! -type d ! -perm 0600 -o -type d ! -perm 0700",
            protection
        )
        let lines = found.stdout.split(separator: "\n")
        // Those of the root and of the watcher, and nothing with another mode.
        #expect(lines.count == 2 && lines.allSatisfy { $0.hasSuffix(".sock") }, "\(found)")
        let copy = protection.folder.file("copy.db")
        try protection.holdfast("restore", protection.database, "--at", "latest", "--output", copy)
        let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int
        #expect(mode == 0o640)
        #expect(try watcher.terminate().status == 0)
    }

    @Test(
        "one that others can write is refused, and says what to do",
        arguments: ["repository", "repository/roots", "repository/roots/*"]
    )
    func writableByOthers(place: String) throws {
        let protection = try recorded()
        #expect(try sh("chmod g+w \(place)", protection).status == 0)
        for command in [["status"], ["watch", "--once", protection.data], ["check"]] {
            let result = try HoldfastProgram.run(command, environment: protection.environment)
            #expect(result.status == 1, "\(command): \(result)")
            #expect(result.stderr.contains("can be written by others: chmod go-w"), "\(command): \(result)")
        }
    }

    @Test(
        "one of another user is refused; root may read it, and writes nothing there",
        .enabled(if: geteuid() == 0, needsRoot)
    )
    func anotherUsers() throws {
        let protection = try recorded()
        #expect(try sh("chown -R 65534 repository", protection).status == 0)
        try protection.holdfast("log", protection.data)
        let watch = try HoldfastProgram.run(
            ["watch", "--once", protection.data],
            environment: protection.environment
        )
        #expect(watch.status == 1)
        #expect(watch.stderr.contains("belongs to user 65534, not to user 0: run holdfast as its owner"))
        #expect(try sh("find repository ! -uid 65534", protection).stdout == "")

        #expect(try sh("chown -R 65533 repository; chmod -R go+rX . repository", protection).status == 0)
        let other = try sh(
            "setpriv --reuid 65534 --clear-groups \(HoldfastProgram.path) log \(protection.data)",
            protection
        )
        #expect(other.status == 1)
        #expect(other.stderr.contains("belongs to user 65533"), "\(other)")
    }

    @Test(
        "a symbolic link planted in it is not followed for writing",
        arguments: [
            "lock", "durable", "segments", "segments/*", "bases", "mirror", "control.sock",
        ]
    )
    func plantedLink(name: String) throws {
        let protection = try recorded()
        let outside = protection.folder.file("outside")
        let root = try root(protection)
        // The link leads to a copy of what was there, so that only the link can be what is wrong.
        let result = try sh(
            """
            set -e
            for victim in \(root)/\(name); do :; done
            if [ -e "$victim" ]; then mv "$victim" \(outside); else echo secret > \(outside); fi
            ln -s \(outside) "$victim"
            cp -a \(outside) before
            """,
            protection
        )
        #expect(result.status == 0, "\(result)")
        try SQLite3.sql("INSERT INTO t(b) VALUES('new');", on: protection.database)
        let watch = try HoldfastProgram.run(
            ["watch", "--once", protection.data],
            environment: protection.environment
        )
        #expect(watch.status == 1 && watch.stderr.contains("is a symbolic link: put"), "\(watch)")
        let difference = try sh("diff -r before outside", protection)
        #expect(difference.status == 0, "\(difference)")
    }

    @Test(
        "its socket answers its owner only",
        .enabled(if: geteuid() == 0 && (try? Command.run("python3", ["-V"]))?.status == 0, needsRoot)
    )
    func otherPeer() throws {
        let protection = try recorded()
        try protection.watch()
        let root = try root(protection)
        // All else that keeps others from it is taken away.
        let opened = try sh(
            "chmod 711 . repository repository/roots \(root); chmod 666 \(root)/control.sock",
            protection
        )
        #expect(opened.status == 0, "\(opened)")
        let ask = """
            import os, socket, sys
            os.setgroups([])
            os.setuid(int(sys.argv[2]))
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(30)
            s.connect(sys.argv[1])
            try:
                s.sendall(b'{"status":{}}\\n')
                print(s.recv(1))
            except ConnectionError:
                print('refused')
            """
        let arguments = ["-c", ask, root + "/control.sock"]
        #expect(try Command.run("python3", arguments + ["0"]).stdout == "b'{'\n")
        let other = try Command.run("python3", arguments + ["65534"])
        #expect(["b''\n", "refused\n"].contains(other.stdout), "\(other)")
        try protection.sync()
    }

    @Test(
        "an index that may not be read is not taken for no repository",
        .enabled(if: geteuid() == 0, needsRoot)
    )
    func unreadable() throws {
        let protection = try recorded()
        #expect(try sh("chmod 000 repository/repository.json", protection).status == 0)
        let watch = try HoldfastProgram.runWithoutPrivileges(
            ["watch", "--once", protection.data],
            environment: protection.environment
        )
        #expect(watch.status == 1)
        #expect(watch.stderr.contains("repository.json: Permission denied"), "\(watch)")
    }

    @Test("what moves the cursor or hides text in a name is escaped wherever a person reads it")
    func names() throws {
        let protection = try Protection()
        let name = "a\u{1b}[2J\nb\u{202e}c\u{200b}"
        try "x".write(toFile: protection.data + "/" + name, atomically: false, encoding: .utf8)
        try protection.holdfast("watch", "--once", protection.data)
        let log = try protection.holdfast("log", protection.data).stdout
        #expect(log.contains(#"a\u{1B}[2J\nb\u{202E}c\u{200B}"#), "\(log)")
        #expect(!log.contains("\u{1b}[2J") && !log.contains("\u{202e}"))
        let lines = try protection.holdfast("log", protection.data, "--json").stdout.split(separator: "\n")
        #expect(lines.count == 2)
        for line in lines { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
        let error = try HoldfastProgram.run(
            ["status"],
            environment: ["HOLDFAST_REPO": "/nonexistent/\u{1b}[31m\n\u{202e}"]
        )
        #expect(error.stderr.split(separator: "\n").count == 1)
        #expect(!error.stderr.contains("\u{1b}") && !error.stderr.contains("\u{202e}"), "\(error)")
    }
}
