import Foundation
import TestSupport
import Testing

/// The way back from something that was brought back: its tags, its entry in the history, and undo.
@Suite struct WayBackTests {
    private func restore(_ protection: Protection, _ arguments: String...) throws -> CommandResult {
        try HoldfastProgram.run(
            ["restore"] + arguments + ["--in-place"],
            environment: protection.environment
        )
    }

    private func tags(_ protection: Protection) throws -> [String: Int] {
        var tags: [String: Int] = [:]
        for line in try protection.log() {
            for tag in line.tags ?? [] { tags[tag] = line.sequence }
        }
        return tags
    }

    @Test("of many files, the tag names the state before all of them")
    func manyFiles() throws {
        let protection = try Protection()
        try protection.shell("for n in 1 2 3 4 5; do echo good > f$n; done")
        try protection.watch()
        try protection.holdfast("snapshot", "--tag", "good")
        try protection.shell("for n in 1 2 3 4 5; do echo bad > f$n; done")
        try protection.holdfast("sync")
        #expect(try restore(protection, protection.data, "--at", "good").status == 0)
        let tag = try #require(tags(protection).keys.first { $0.hasPrefix("before-restore-") })
        let output = protection.folder.file("out")
        try protection.holdfast("restore", protection.data, "--at", tag, "--output", output)
        let found = try Command.run("sh", ["-c", "cat f?"], directory: output).stdout
        #expect(found == String(repeating: "bad\n", count: 5))
        try protection.holdfast("undo", protection.data)
        #expect(try Command.run("sh", ["-c", "cat f?"], directory: protection.data).stdout == found)
    }

    @Test("restores within one second have tags of their own")
    func oneSecond() throws {
        let protection = try Protection()
        try protection.shell("echo one > notes")
        try protection.watch()
        try protection.holdfast("snapshot", "--tag", "good")
        let notes = protection.data + "/notes"
        for content in ["two", "three", "four"] {
            try protection.shell("echo \(content) > notes")
            #expect(try restore(protection, notes, "--at", "good").status == 0)
        }
        let all = try tags(protection).keys.filter { $0.hasPrefix("before-restore-") }
        #expect(all.count == 3)
        var contents: Set<String> = []
        for tag in all {
            let output = protection.folder.file("out-\(tag)")
            try protection.holdfast("restore", notes, "--at", tag, "--output", output)
            contents.insert(try String(contentsOfFile: output, encoding: .utf8))
        }
        #expect(contents == ["two\n", "three\n", "four\n"])
    }

    @Test("of two undos at once, one does it and the other says so")
    func twoUndos() throws {
        let protection = try Protection()
        try protection.shell("echo good > notes")
        try protection.watch()
        try protection.holdfast("snapshot", "--tag", "good")
        try protection.shell("echo bad > notes")
        try protection.holdfast("sync")
        #expect(try restore(protection, protection.data + "/notes", "--at", "good").status == 0)
        // The first one is held up where it has made its plan and not done it yet.
        let first = try HeldProgram(["undo", protection.data], .before, "linkat", in: protection)
        let impatient = try HoldfastProgram.run(
            ["undo", protection.data, "--wait", "10ms"],
            environment: protection.environment
        )
        #expect(impatient.status == 11 && impatient.stderr.contains(" is running: "), "\(impatient)")
        let second = try HoldfastProgram.start(
            ["undo", protection.data],
            environment: protection.environment
        )
        let roots = protection.folder.file("repository") + "/roots"
        let root = try #require(FileManager.default.contentsOfDirectory(atPath: roots).first)
        // The root's directory is what it must have the lock of.
        try wait(for: "the second one") { second.hasOpen("\(roots)/\(root)") }
        first.letGo()
        let overtaken = try second.waitForEnd()
        #expect(overtaken.status == 11 && overtaken.stderr.contains(" ended meanwhile: "), "\(overtaken)")
        #expect(try first.program.waitForEnd().status == 0)
        #expect(try String(contentsOfFile: protection.data + "/notes", encoding: .utf8) == "bad\n")
    }

    @Test("what is said of a restore may be longer than 64 KiB")
    func long() throws {
        let tables = (1...900).map {
            "CREATE TABLE table_with_a_rather_long_name_\($0)(i INTEGER PRIMARY KEY, b);"
        }
        let rows = (1...900).map { "INSERT INTO table_with_a_rather_long_name_\($0) VALUES(1, 1);" }
        let protection = try Protection((["BEGIN;"] + tables + rows + ["COMMIT;"]).joined())
        try protection.watch()
        try protection.holdfast("snapshot", "--tag", "good")
        let deletions = (1...900).map { "DELETE FROM table_with_a_rather_long_name_\($0);" }
        try SQLite3.sql((["BEGIN;"] + deletions + ["COMMIT;"]).joined(), on: protection.database)
        try protection.holdfast("sync")
        let result = try restore(protection, protection.database, "--at", "good")
        #expect(result.status == 0, "\(result.stderr)")
        let recoveries = try protection.holdfast("recoveries", protection.data, "--json").stdout
        #expect(recoveries.contains("table_with_a_rather_long_name_900"))
        try protection.holdfast("undo", protection.data)
        let left = try SQLite3.sql(
            "SELECT count(*) FROM table_with_a_rather_long_name_900;",
            on: protection.database
        )
        #expect(left == "0\n")
    }
}
