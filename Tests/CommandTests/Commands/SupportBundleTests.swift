import Foundation
import LinuxSystem
import TestSupport
import Testing

/// What a support bundle has, and what it never has.
@Suite("support-bundle", .serialized)
struct SupportBundleTests {
    private static let row = "row-content-7351"

    /// A root with names that stand out, and rows that do.
    private func protection() throws -> Protection {
        let protection = try Protection(
            "CREATE TABLE zebra_table(a); CREATE INDEX zebra_index ON zebra_table(a);"
                + "INSERT INTO zebra_table VALUES('\(Self.row)');"
        )
        try FileManager.default.createDirectory(
            atPath: protection.data + "/giraffe dir",
            withIntermediateDirectories: false
        )
        try protection.shell("echo '\(Self.row)' > 'giraffe dir/okapi notes.md'")
        return protection
    }

    /// The files of a bundle, by their names.
    private func unpack(_ path: String, in folder: TemporaryDirectory) throws -> [String: String] {
        let target = folder.file("unpacked-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: false)
        let result = try Command.run("tar", ["-xf", path, "-C", target])
        guard result.status == 0 else { throw CommandFailure(command: "tar", result: result) }
        let directory = target + "/holdfast-support"
        var files: [String: String] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
            files[name] = try String(contentsOfFile: directory + "/" + name, encoding: .utf8)
        }
        return files
    }

    private func bundle(
        _ protection: Protection,
        _ arguments: String...,
        expecting status: Int32 = 0
    ) throws -> [String: String] {
        let output = protection.folder.file("bundle-\(UInt64.random(in: 0 ... .max)).tar")
        try protection.holdfast(["support-bundle", "--output", output] + arguments, expecting: status)
        return try unpack(output, in: protection.folder)
    }

    @Test("has versions, settings, watchers with their messages, status, check, stats, sizes and limits")
    func content() throws {
        let protection = try protection()
        try protection.watch("--exclude", "*.tmp")
        try protection.sync()
        let files = try bundle(protection)
        let names = [
            "README.txt", "versions.json", "configuration.yaml", "watchers.json", "messages.txt",
            "status.json",
            "check.json", "stats.json", "files.json", "filesystems.json", "limits.json",
        ]
        #expect(Set(files.keys) == Set(names))
        let pid = try #require(protection.watcher).processID
        let expected = [
            "README.txt": "status.json: as status --json\n", "versions.json": #""sqlite":"3."#,
            "configuration.yaml": "repository: \(protection.folder.file("repository"))  # $HOLDFAST_REPO\n",
            "watchers.json": #"{"pid":\#(pid),"answers":true,"#,
            "messages.txt": " ready: \(protection.data), 1 database, 2 files\n",
            "status.json": #"{"root":"\#(protection.data)","state":"watching","#,
            "check.json": #"{"summary":true,"errors":0,"#, "stats.json": #""snapshots":2,"#,
            "files.json": #"/durable","bytes":"#,
            "filesystems.json": #"{"path":"\#(protection.data)","type":""#,
            "limits.json": #"{"inotify_watches":"#,
        ]
        for (name, text) in expected {
            #expect(files[name]?.contains(text) == true, "\(name): \(files[name] ?? "missing")")
        }
        #expect(files["watchers.json"]?.contains(#""command":["holdfast","watch","#) == true)
        #expect(!files.values.contains { $0.contains(Self.row) })
        try protection.stop()
    }

    @Test("with --redact, no name: of directories, files, tables, tags, patterns or the host")
    func redacted() throws {
        let protection = try protection()
        // What SQLite says of damage names the index.
        try protection.overwritePage(
            "SELECT rootpage FROM sqlite_master WHERE name = 'zebra_index';",
            with: [UInt8](repeating: 0, count: 4096)
        )
        try protection.watch("--exclude", "lemur-*.tmp", "--check-after", "100ms")
        try protection.shell("ln -s /nowhere/tapir.db 'giraffe dir/link to.db'; mkfifo 'quokka pipe'")
        try protection.holdfast("snapshot", "--tag", "wombat-tag", protection.data)
        try #require(protection.watcher).waitForError { $0.contains("is damaged at snapshot") }
        let plain = try bundle(protection)
        #expect(plain["messages.txt"]?.contains("is damaged at snapshot") == true, "\(plain)")
        let files = try bundle(protection, "--redact")
        let host = try String(contentsOfFile: "/proc/sys/kernel/hostname", encoding: .utf8)
        let names = [
            "zebra", "giraffe", "okapi", "lemur", "tapir", "quokka", "wombat", "a.db", Self.row,
            protection.folder.path, URL(fileURLWithPath: protection.folder.path).lastPathComponent,
            host.trimmingCharacters(in: .newlines),
        ]
        for (file, text) in files {
            for name in names {
                #expect(!isThere(name, text), "\(name) in \(file): \(text)")
            }
        }
        #expect(files["messages.txt"]?.contains(" ready: root-1, 1 database, ") == true, "\(files)")
        #expect(files["messages.txt"]?.contains(/root-1\/file-\d is damaged at snapshot/) == true, "\(files)")
        #expect(files["messages.txt"]?.contains("((detail))") == true, "\(files)")
        #expect(files["status.json"]?.contains(#"{"root":"root-1","state":"#) == true)
        #expect(files["watchers.json"]?.contains(#""--exclude","value-1""#) == true, "\(files)")
        #expect(files["configuration.yaml"]?.contains("repository: repository  # $HOLDFAST_REPO") == true)
        try protection.stop()
    }

    /// Whether a text has the name, not as a part of another word.
    private func isThere(_ name: String, _ text: String) -> Bool {
        text.ranges(of: name).contains { range in
            let before = text[..<range.lowerBound].last, after = text[range.upperBound...].first
            return !(before?.isLetter ?? false) && !(after?.isLetter ?? false)
        }
    }

    @Test("is written beside a watcher that hangs, and says so")
    func hanging() throws {
        let protection = try protection()
        try protection.watch()
        let watcher = try #require(protection.watcher)
        watcher.signal(SIGSTOP)
        defer { watcher.signal(SIGCONT) }
        let files = try bundle(protection, expecting: 3)
        let reason = "the watcher (pid \(watcher.processID)) does not answer"
        for name in ["watchers.json", "messages.txt", "status.json"] {
            #expect(files[name]?.contains(reason) == true, "\(name): \(files[name] ?? "missing")")
            #expect(files["README.txt"]?.contains("\(name): ") == true)
        }
        #expect(files["check.json"]?.contains(#""errors":0"#) == true)
        #expect(files["README.txt"]?.contains("what the watchers said last (incomplete)") == true)
    }

    @Test("is written of a damaged repository: findings are in it")
    func damaged() throws {
        let scene = try Scene()
        try scene.flip(scene.segment, at: 500)
        let result = try scene.run("support-bundle", "-o", scene.output)
        let files = try unpack(scene.output, in: scene.directory)
        #expect([0, 3].contains(result.status), "\(result)")
        #expect(files["check.json"]?.contains(#""severity":"error""#) == true, "\(files)")
        #expect(files["messages.txt"] == "# no watcher runs\n")
    }

    @Test("is written without a repository, a root or a right configuration, each of which it says")
    func missing() throws {
        let scene = try Scene()
        try FileManager.default.removeItem(atPath: scene.data)
        let gone = try scene.run("support-bundle", "-o", scene.output)
        #expect(gone.status == 3 && gone.stderr.contains("filesystems.json is incomplete: "), "\(gone)")
        let file = scene.directory.file("repository/repository.json")
        try Data("{}".utf8).write(to: URL(fileURLWithPath: file))
        let broken = try scene.run("support-bundle", "-o", scene.output, "--force", "--json")
        #expect(broken.status == 3, "\(broken)")
        #expect(try unpack(scene.output, in: scene.directory)["status.json"]?.contains(#""error":"#) == true)
        let none = try scene.run(
            "support-bundle",
            "-o",
            scene.output,
            "--force",
            "--repo",
            scene.directory.file("no")
        )
        #expect(none.status == 3, "\(none)")
        try scene.directory.write(Array("secret-key: secret-value\n".utf8), to: "wrong.yaml")
        let wrong = try scene.run(
            "support-bundle",
            "-o",
            scene.output,
            "--force",
            "--redact",
            "--config",
            scene.directory.file("wrong.yaml")
        )
        let files = try unpack(scene.output, in: scene.directory)
        #expect(wrong.status == 3 && !files.values.contains { $0.contains("secret") }, "\(files)")
        #expect(files["configuration.yaml"]?.contains("configuration:1: is wrong") == true, "\(files)")
    }

    @Test("replaces no file without --force, and no protected one; mode 0600, or the standard output")
    func output() throws {
        let scene = try Scene()
        try scene.directory.write(Array("mine".utf8), to: "out")
        let refused = try scene.run("support-bundle", "-o", scene.output)
        #expect(refused.status == 1 && refused.isOneLineError, "\(refused)")
        #expect(refused.stderr.contains("exists: choose another output, or say --force"), "\(refused)")
        #expect(try scene.directory.bytes(of: "out") == Array("mine".utf8))
        let forced = try scene.run("support-bundle", "-o", scene.output, "--force", "--json")
        #expect(
            forced.status == 0 && forced.stdout.hasPrefix(#"{"output":"\#(scene.output)","redacted":false,"#)
        )
        let attributes = try FileManager.default.attributesOfItem(atPath: scene.output)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let protected = try scene.run("support-bundle", "-o", scene.database, "--force")
        #expect(protected.status == 1 && protected.stderr.contains("is protected"), "\(protected)")
        let both = try scene.run("support-bundle", "-o", "-", "--json")
        #expect(both.status == 64 && both.stderr.contains("exclude each other"), "\(both)")
        let streamed = try scene.run("support-bundle", "-o", "-")
        #expect(streamed.status == 0 && streamed.stderr == "", "\(streamed)")
        try scene.directory.write(Array(streamed.stdout.utf8), to: "streamed")
        #expect(try unpack(scene.directory.file("streamed"), in: scene.directory).count == 11)
        #expect(try scene.leftovers.filter { $0.hasPrefix(".") } == [])
    }
}
