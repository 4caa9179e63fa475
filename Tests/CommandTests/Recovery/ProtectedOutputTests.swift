import Foundation
import TestSupport
import Testing

/// Outputs that are files which the repository protects, by whichever name.
@Suite struct ProtectedOutputTests {
    @Test(
        "is refused, names --in-place, and changes nothing",
        arguments: [
            "a.db", "sub/../a.db", "link.db", "../outside.db", "hard.db", "notes", "a.db-wal", "second.db",
        ]
    )
    func restore(name: String) throws {
        let protection = try Protection(
            "PRAGMA journal_mode = WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b);"
        )
        try protection.shell("mkdir sub; echo one > notes; ln -s a.db link.db; ln -s data/a.db ../outside.db")
        try SQLite3.sql("CREATE TABLE another(i);", on: protection.data + "/second.db")
        let session = try SQLite3Session(protection.database)
        try session.sql("INSERT INTO t(b) VALUES('kept');")
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        try protection.shell("ln a.db hard.db")
        let look =
            "find . ../outside.db -printf '%p %i %m %T@ %s\\n' | sort; md5sum a.db notes a.db-wal second.db"
        let before = try Command.run("sh", ["-ec", look], directory: protection.data).stdout
        let output = protection.data + "/" + name
        let source = name == "notes" ? protection.data + "/notes" : protection.database
        for command in [["restore", source, "--at", "latest"], ["export", source, "--format", "db"]] {
            if command[0] == "export", name == "notes" { continue }
            for force in [[], ["--force"]] {
                let result = try HoldfastProgram.run(
                    command + ["--output", output] + force,
                    environment: protection.environment
                )
                #expect(result.status == 1, "\(command) \(result)")
                #expect(result.stderr.contains("is protected") && result.stderr.contains("--in-place"))
                #expect(!result.stderr.contains("remove"), "\(result)")
            }
        }
        #expect(try Command.run("sh", ["-ec", look], directory: protection.data).stdout == before)
        try session.close()
    }

    @Test(
        "a file in a bind mount or with a hard link, of which nothing is written there",
        .enabled(if: SmallFileSystem.isAllowed, "mounting needs root")
    )
    func otherFiles() throws {
        let protection = try Protection()
        try protection.shell(
            "mkdir sub ../bind ../sub; echo one > notes; echo two > sub/notes; ln notes ../hard"
        )
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        try protection.shell("mount --bind . ../bind; mount --bind sub ../sub")
        defer { try? protection.shell("umount ../bind ../sub") }
        let look = "find . -printf '%p %i %T@ %s\\n' | sort; md5sum a.db notes sub/notes"
        let before = try Command.run("sh", ["-ec", look], directory: protection.data).stdout
        for name in ["bind/a.db", "bind/sub/notes", "sub/notes", "hard"] {
            for command in [
                ["export", protection.data, "--format", "tar"], ["restore", protection.database],
            ] {
                let result = try HoldfastProgram.run(
                    command + ["--at", "latest", "--force", "--output", protection.folder.file(name)],
                    environment: protection.environment
                )
                #expect(result.status == 1 && result.stderr.contains("is protected"), "\(name) \(result)")
                let live = name == "hard" ? "notes" : name.replacing("bind/", with: "")
                #expect(result.stderr.contains("restore \(protection.data)/\(live) --at"), "\(result)")
            }
        }
        #expect(try Command.run("sh", ["-ec", look], directory: protection.data).stdout == before)
    }

    @Test(
        "a journal or log that does not exist, under any name of its directory",
        arguments: ["-journal", "-wal", "-shm"],
        ["data/", "link/", "sub/"]
    )
    func missingSidecar(suffix: String, directory: String) throws {
        let protection = try Protection("")
        try protection.shell("mkdir sub; ln -s data ../link; ln -s data/sub ../sub")
        let database = directory == "sub/" ? protection.data + "/sub/a.db" : protection.database
        try SQLite3.sql("CREATE TABLE t(i);", on: database)
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        let output = protection.folder.file(directory + "a.db" + suffix)
        let result = try protection.holdfast("restore", database, "--output", output, expecting: 1)
        #expect(result.stderr.contains("is protected with \(database)"), "\(result)")
        #expect(!FileManager.default.fileExists(atPath: output))
        // Beside a file of that name that is no database, it is one like any other.
        try protection.shell("echo > ../plain.db")
        try protection.holdfast("restore", database, "--output", protection.folder.file("plain.db" + suffix))
    }

    @Test("elsewhere, what is replaced hands on its mode, and a log beside it is never to be removed")
    func elsewhere() throws {
        let protection = try Protection()
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        try protection.shell("echo old > ../copy.db; chmod 640 ../copy.db; echo log > ../other.db-wal")
        let copy = protection.folder.file("copy.db")
        try protection.holdfast("restore", protection.database, "--output", copy, "--force")
        let mode = try Command.run("stat", ["-c", "%a", copy]).stdout
        #expect(mode == "640\n")
        let other = protection.folder.file("other.db")
        let result = try protection.holdfast(
            "restore",
            protection.database,
            "--output",
            other,
            "--force",
            expecting: 1
        )
        #expect(result.stderr.contains("other.db-wal is in the way"), "\(result)")
        #expect(!result.stderr.contains("remove"), "\(result)")
    }
}
