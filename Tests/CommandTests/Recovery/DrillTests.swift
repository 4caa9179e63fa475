import TestSupport
import Testing

@Suite("Drill", .serialized)
struct DrillTests {
    @Test("restores, checks, leaves nothing behind but its evidence")
    func drill() throws {
        let team = try DevTeam()
        try team.watch()
        try team.mark("then")
        try team.sql("DELETE FROM events;")
        let result = try team.holdfast("drill", "--at", "then")
        #expect(
            result.stdout.contains("3 files, among them 1 database,")
                && result.stdout.contains("all was right")
        )
        try team.stopWatching()
        try team.holdfast("drill", ".devteam/devteam.db", "--json")
        #expect(
            try team.holdfast("drill", "--list", "--json").stdout.split(separator: "\n").count {
                $0.contains(#""passed":true"#)
            } == 2
        )
        #expect(try team.status().stdout.contains("  last drill: 2"))
        #expect(try team.shell("find ../repository -name '.holdfast-*'").isEmpty)
    }

    @Test("damage in the repository is found")
    func damage() throws {
        let team = try DevTeam()
        try team.watch()
        try team.holdfast("sync")
        try team.stopWatching()
        try team.shell(
            "printf x | dd of=$(ls ../repository/roots/*/segments/*1.segment) bs=1 seek=20000 conv=notrunc 2>&1"
        )
        let result = try team.holdfast("drill", expecting: 4)
        #expect(result.stdout.contains("failed: "))
        #expect(try team.holdfast("drill", "--list").stdout.contains("failed: "))
    }

    @Test("the watcher makes drills by itself")
    func scheduled() throws {
        let team = try DevTeam()
        try team.watch("--drill-interval", "1s")
        try team.waitForWarning { $0.contains("drill of snapshot") && $0.contains("all was right") }
        #expect(try team.status().stdout.contains("last drill: "))
    }
}
