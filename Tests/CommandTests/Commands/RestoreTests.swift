import Foundation
import RepositoryFormat
import TestSupport
import Testing

@Suite struct RestoreTests {
    @Test("writes the fields of the contract, in order, and nothing else")
    func json() throws {
        let scene = try Scene()
        let result = try scene.run("restore", "data/app.db", "--at", "2", "--output", "out", "--json")
        #expect(result.status == 0 && result.stderr == "")
        let expected =
            #/{"sequence":2,"time":"2026-01-29T12:00:10.250000000Z","path":"(.*?)","output":"(.*?)",/#
            .ignoresCase()
        let rest =
            #/"image_bytes":([0-9]+),"digest":"[0-9a-f]{16}","integrity":"ok","elapsed_ms":[0-9]+}\n/#
        let start = try #require(result.stdout.prefixMatch(of: expected))
        #expect(start.1 == scene.database)
        #expect(start.2 == scene.output)
        let end = try #require(result.stdout[start.range.upperBound...].wholeMatch(of: rest))
        let image = try #require(scene.images[2])
        #expect(end.1 == "\(image.count)")
        #expect(try scene.directory.bytes(of: "out") == image)
    }

    @Test("says for people which snapshot it was")
    func text() throws {
        let scene = try Scene()
        let result = try scene.run("restore", "data/app.db", "--at", "pre-migration", "-o", "out")
        #expect(result.status == 0 && result.stderr == "")
        #expect(
            result.stdout.hasPrefix("restored \(scene.database) as of snapshot 2 (2026-01-29 12:00:10.25")
        )
        #expect(result.stdout.contains(" to out: ") && result.stdout.contains("integrity ok"))
        #expect(try scene.run("restore", "data/app.db", "-o", "out2", "-q").stdout == "")
        #expect(try scene.directory.bytes(of: "out2") == scene.images[6])
        let quick = try scene.run("restore", "data/app.db", "-o", "out3", "--quick")
        #expect(quick.status == 0 && quick.stdout.contains("integrity ok (indexes not compared)"))
        #expect(try scene.directory.bytes(of: "out3") == scene.images[6])
    }

    @Test(
        "finds the snapshot that is meant",
        arguments: [
            (["--at", "latest"], 6), ([], 6), (["--at", "latest~1"], 2), (["--at", "1"], 1),
            (["--at", "2026-01-29 12:00:10.250"], 2), (["--at", "2026-01-29 12:00:10.250", "--before"], 1),
            (["--at", "2026-01-29T13:00:59.999+01:00"], 2), (["--at", "@1769688060"], 6),
            (["--at", "-1s"], 6),
            (["--at", "1 day ago", "--before"], 6), (["--before"], 2), (["--at", "pre-migration"], 2),
            (["--at", "pre-migration", "--before"], 1),
            // Nobody has looked at any.
            (["--at", "latest-good"], 6),
        ] as [([String], Int)]
    )
    func when(_ arguments: [String], _ sequence: Int) throws {
        let scene = try Scene()
        let result = try scene.run(["restore", scene.database, "--output", "out"] + arguments)
        #expect(result.status == 0, "\(result.stderr)")
        #expect(try scene.directory.bytes(of: "out") == scene.images[sequence])
    }

    @Test(
        "names the nearest choices when no snapshot matches",
        arguments: [
            (["--at", "2200-01-01"], "in the future: the latest snapshot is 6"),
            (["--at", "2026-01-29 11:59"], "the first snapshot is 1"),
            (["--at", "1", "--before"], "nothing is known before snapshot 1"),
            (["--at", "9"], "there is no snapshot 9"),
            (["--at", "latest~9"], "the first snapshot is latest~2"),
            (["--at", "nightly"], "known are pre-migration"),
        ] as [([String], String)]
    )
    func noMatch(_ arguments: [String], _ expected: String) throws {
        let scene = try Scene()
        let result = try scene.run(["restore", scene.database, "--output", "out"] + arguments)
        #expect(result.status == 10 && result.isOneLineError)
        #expect(result.stderr.contains(expected), "\(result.stderr)")
        #expect(try scene.leftovers == [])
    }

    @Test("a snapshot of another file means the root's moment")
    func moment() throws {
        let scene = try Scene()
        #expect(try scene.run("restore", scene.database, "--at", "3", "--output", "out").status == 0)
        #expect(try scene.directory.bytes(of: "out") == scene.images[2])
    }

    @Test("says that a file was gone by then, and which snapshot was its last")
    func deleted() throws {
        let scene = try Scene()
        let result = try scene.run("restore", "data/gone.txt", "--output", "out")
        #expect(result.status == 10 && result.isOneLineError)
        #expect(result.stderr.contains("deleted at snapshot 5; the last one before that is --at 4"))
        #expect(try scene.run("restore", "data/gone.txt", "--at", "4", "--output", "out").status == 0)
        #expect(try scene.directory.bytes(of: "out") == Array("gone".utf8))
    }

    @Test("refuses what is in the way with status 1")
    func inTheWay() throws {
        let scene = try Scene()
        try scene.directory.write([7], to: "out")
        let exists = try scene.run("restore", "data/app.db", "--output", "out")
        #expect(exists.status == 1 && exists.isOneLineError)
        #expect(exists.stderr.contains("out exists") && exists.stderr.contains("--force"))
        #expect(try scene.directory.bytes(of: "out") == [7])

        let folder = try scene.run("restore", "data/app.db", "--output", "data", "--force")
        #expect(folder.status == 1 && folder.stderr.contains("say --output data/app.db"))
        let missing = try scene.run("restore", "data/app.db", "--output", "no/such/out")
        #expect(missing.status == 1 && missing.isOneLineError && missing.stderr.contains("no/such"))

        #expect(try scene.run("restore", "data/app.db", "--output", "out", "--force").status == 0)
        #expect(try scene.directory.bytes(of: "out") == scene.images[6])

        try scene.directory.write([7], to: "out-wal")
        let sidecar = try scene.run("restore", "data/app.db", "--at", "1", "--output", "out", "--force")
        #expect(
            sidecar.status == 1 && sidecar.isOneLineError && sidecar.stderr.contains("out-wal is in the way")
        )
        #expect(try scene.directory.bytes(of: "out") == scene.images[6])
    }

    @Test("restores a root that is a directory: a line for each file, then one for all")
    func root() throws {
        let scene = try Scene()
        let result = try scene.run("restore", "--at", "latest", "--output", "out", "--json")
        #expect(result.status == 0 && result.lines.count == 3)
        #expect(result.lines[0].contains(#""path":"\#(scene.database)","output":"\#(scene.output)/app.db""#))
        #expect(result.lines[1].contains(#""integrity":"not applicable""#))
        #expect(
            result.lines[2].hasPrefix(
                #"{"summary":true,"sequence":6,"time":"2026-01-29T12:01:00.000000000Z","#
            )
        )
        #expect(result.lines[2].contains(#""files":2,"failed":0,"#))
        #expect(
            try FileManager.default.subpathsOfDirectory(atPath: scene.output).sorted() == [
                "app.db", "notes.txt",
            ]
        )
        let again = try scene.run("restore", "--output", "out")
        #expect(again.status == 1 && again.isOneLineError)
    }

    @Test("does the rest with status 3 when one file of a root cannot be restored, and names it")
    func partial() throws {
        let scene = try Scene()
        try scene.recorded.record("bad.db", .database, Array("no database".utf8), at: Scene.at(70))
        scene.recorded.close()
        let result = try scene.run("restore", "data", "--output", "out", "--json")
        #expect(result.status == 3)
        #expect(result.stderr.hasPrefix("holdfast: \(scene.data)/bad.db was left out: "))
        #expect(result.lines.last?.contains(#""files":2,"failed":1,"#) == true)
        #expect(
            try FileManager.default.subpathsOfDirectory(atPath: scene.output).sorted() == [
                "app.db", "notes.txt",
            ]
        )

        let single = try scene.run("restore", "data/bad.db", "--output", "single")
        #expect(single.status == 4 && single.isOneLineError && single.stderr.contains("not a database"))
        #expect(try scene.leftovers == ["out"])
    }

    @Test("ends with status 4, path and offset when a byte of the history is damaged, and names no file")
    func damage() throws {
        let scene = try Scene()
        let size = try #require(FileManager.default.attributesOfItem(atPath: scene.segment)[.size] as? Int)
        var random = SeededRandom()
        let sound = try Data(contentsOf: URL(fileURLWithPath: scene.segment))
        for _ in 0..<20 {
            let offset = Int.random(in: 0..<size, using: &random)
            try scene.flip(scene.segment, at: offset)
            let result = try scene.run("restore", "data/app.db", "--output", "out")
            #expect(result.status == 4 && result.isOneLineError, "\(offset) \(random) \(result.stderr)")
            #expect(result.stderr.contains(/damage in \/.*\.segment at byte [0-9]+/), "\(result.stderr)")
            #expect(try scene.leftovers == [], "\(offset) \(random)")
            try sound.write(to: URL(fileURLWithPath: scene.segment))
        }
    }

    @Test("takes the only root, or .devteam if that is here, when no path is given")
    func withoutPath() throws {
        let scene = try Scene()
        #expect(try scene.run("restore", "--output", "out").status == 0)
        let other = try RecordedRoot(
            in: scene.directory.file("repository"),
            protecting: scene.directory.write([], to: "single.db"),
            .file
        )
        try other.record("single.db", .plain, Array("single".utf8), .baseline, at: Scene.at(0))
        other.close()

        let several = try scene.run("restore", "--output", "out2")
        #expect(several.status == 10 && several.isOneLineError)
        #expect(several.stderr.contains("name one: ") && several.stderr.contains(scene.data))

        try FileManager.default.createSymbolicLink(
            atPath: scene.directory.file(".devteam"),
            withDestinationPath: "data"
        )
        #expect(try scene.run("restore", "--output", "out3").status == 0)
        #expect(scene.directory.exists("out3/app.db"))

        // The file itself may be gone.
        try FileManager.default.removeItem(atPath: scene.directory.file("single.db"))
        #expect(try scene.run("restore", "single.db", "--output", "out4").status == 0)
        #expect(try scene.directory.bytes(of: "out4") == Array("single".utf8))
    }

    @Test("says what is not protected, with status 10")
    func notProtected() throws {
        let scene = try Scene()
        for path in ["/etc/passwd", "data/unknown.db", "datax", ".."] {
            for command in [["log", path], ["restore", path, "--output", "out"]] {
                let result = try scene.run(command)
                #expect(result.status == 10 && result.isOneLineError, "\(command) \(result.stderr)")
            }
        }
    }

    @Test("says what it may not read or write, with status 1")
    func permissions() throws {
        let scene = try Scene()
        let manager = FileManager.default
        let environment = ["HOLDFAST_REPO": scene.directory.file("repository")]
        let restore = ["restore", scene.database, "--output", scene.output]

        try manager.setAttributes([.posixPermissions: 0o500], ofItemAtPath: scene.directory.path)
        let unwritable = try HoldfastProgram.runWithoutPrivileges(restore, environment: environment)
        #expect(unwritable.status == 1 && unwritable.isOneLineError, "\(unwritable.stderr)")
        #expect(unwritable.stderr.contains("Permission denied: "))
        try manager.setAttributes([.posixPermissions: 0o700], ofItemAtPath: scene.directory.path)

        try manager.setAttributes([.posixPermissions: 0], ofItemAtPath: scene.segment)
        for command in [restore, ["log", scene.data], ["check"]] {
            let result = try HoldfastProgram.runWithoutPrivileges(command, environment: environment)
            #expect(result.status == 1 && result.isOneLineError, "\(command) \(result)")
            #expect(result.stderr.contains("\(scene.segment): Permission denied"))
        }
        try manager.setAttributes([.posixPermissions: 0], ofItemAtPath: scene.directory.file("repository"))
        for command in [restore, ["log", scene.data], ["check"]] {
            let result = try HoldfastProgram.runWithoutPrivileges(command, environment: environment)
            #expect(result.status == 1 && result.isOneLineError, "\(command) \(result)")
        }
        try manager.setAttributes(
            [.posixPermissions: 0o700],
            ofItemAtPath: scene.directory.file("repository")
        )
        #expect(try scene.leftovers == [])
    }
}
