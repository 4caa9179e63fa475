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
