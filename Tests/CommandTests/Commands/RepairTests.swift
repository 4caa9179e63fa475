import Foundation
import TestSupport
import Testing

@Suite struct RepairTests {
    @Test("a damaged repository is sound afterwards, and the watcher goes on")
    func watchGoesOn() throws {
        let protection = try Protection()
        try protection.watch()
        for number in 1...5 {
            try SQLite3.sql("INSERT INTO t VALUES(\(number), 'x');", on: protection.database)
            try protection.sync()
        }
        try protection.holdfast("repair", expecting: 11)
        try protection.stop()
        try protection.holdfast("repair")
        let third = try Data(contentsOf: URL(fileURLWithPath: protection.restore("3")))
        let roots = protection.folder.file("repository") + "/roots"
        let root = try "\(roots)/\(FileManager.default.contentsOfDirectory(atPath: roots)[0])"
        let segment = URL(fileURLWithPath: "\(root)/segments/00000000000000000001.segment")
        var bytes = try Data(contentsOf: segment)
        bytes[bytes.count - 60] ^= 1
        try bytes.write(to: segment)
        try protection.holdfast("check", expecting: 4)

        let dry = try protection.holdfast("repair", "--dry-run", "--json").stdout
        #expect(dry.contains(#""action":"set aside""#) && dry.contains(#""repaired":false"#), "\(dry)")
        try protection.holdfast("check", expecting: 4)
        let done = try protection.holdfast("repair").stdout
        #expect(done.contains("set aside: \(segment.path) from byte "), "\(done)")
        try protection.check()
        #expect(try protection.log().contains { $0.event == "gap" && $0.reason?.contains("repair") == true })
        try FileManager.default.removeItem(atPath: protection.folder.file("restored-3.db"))
        let again = try Data(contentsOf: URL(fileURLWithPath: protection.restore("3")))
        #expect(again == third)

        try protection.watch()
        try SQLite3.sql("INSERT INTO t VALUES(6, 'x');", on: protection.database)
        let last = try protection.sync()
        #expect(try protection.snapshots().last?.digest == protection.liveDigest())
        let copy = try protection.restore("\(last)")
        #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: copy) == "6\n")
        try protection.stop()
        try protection.check()
    }

    @Test("wherever the segment is cut or zeroed: found with status 4, or restored as it was; repair ends it")
    func cuts() throws {
        let scene = try Scene()
        let url = URL(fileURLWithPath: scene.segment)
        let sound = try Data(contentsOf: url)
        var random = SeededRandom()
        var run = LongRun(rounds: 12)
        while run.next() {
            let round = run.count
            let place = Int.random(in: 0..<sound.count, using: &random)
            let tail = round % 2 == 0 ? Data() : Data(count: sound.count - place)
            try (sound[..<place] + tail).write(to: url)
            let restore = try scene.run("restore", scene.database, "--output", scene.output, "--force")
            // One that only ends too early is an incomplete copy (IncompleteCopyTests).
            let isAllowed = [4, 10].contains(restore.status) || (round % 2 == 0 && restore.status == 0)
            #expect(isAllowed, "\(random): \(place): \(restore)")
            let check = try scene.run("check").status
            #expect(check == 4, "\(random): \(place)")
        }
        #expect(try scene.run("repair").status == 0)
        #expect(try scene.run("check", "--read-data").status == 0)
    }

    @Test("without a repository there is nothing to repair")
    func nothing() throws {
        let directory = try TemporaryDirectory()
        let result = try HoldfastProgram.run(["repair", "--repo", directory.file("none")])
        #expect(result.status == 10 && result.isOneLineError)
    }
}
