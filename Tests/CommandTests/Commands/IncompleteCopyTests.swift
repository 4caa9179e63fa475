import Foundation
import TestSupport
import Testing

/// Copies that were made beside a writer: something of them is missing, and nothing is damaged.
@Suite struct IncompleteCopyTests {
    @Test("wherever the last segment ends too early: restore gives the newest complete moment and names it")
    func cutSegment() throws {
        let scene = try Scene()
        let url = URL(fileURLWithPath: scene.segment)
        let sound = try Data(contentsOf: url)
        var random = SeededRandom()
        var moments: Set<Int> = []
        var run = LongRun(rounds: 24)
        while run.next() {
            let place = run.count == 1 ? sound.count - 1 : Int.random(in: 64..<sound.count, using: &random)
            try sound[..<place].write(to: url)
            let note: Comment = "\(random): cut at \(place) of \(sound.count)"
            let check = try scene.run("check")
            let prefix = "incomplete: \(scene.segment) at byte "
            #expect(check.status == 4 && check.stdout.hasPrefix(prefix), note)
            #expect(check.stdout.contains("no damage, but this is an incomplete copy of \(scene.data)"), note)
            let json = try scene.run("check", "--json").lines.first
            #expect(json?.contains(#""severity":"error""#) == true, note)
            #expect(json?.hasSuffix(#""incomplete":true}"#) == true, "\(json ?? "")")

            let restore = try scene.run("restore", scene.data, "--at", "latest", "--output", scene.output)
            defer { try? FileManager.default.removeItem(atPath: scene.output) }
            guard restore.status == 0 else {
                #expect(restore.status == 4 && restore.stderr.contains("no moment"), "\(note): \(restore)")
                #expect(check.stdout.contains("no moment of the root is complete"), note)
                continue
            }
            let pattern = #/moment is snapshot ([0-9]+), 2026-01-29 /#
            let found = try #require(restore.stderr.firstMatch(of: pattern))
            let newest = try #require(Int(found.1))
            moments.insert(newest)
            #expect(check.stdout.contains("moment is snapshot \(newest), 2026-01-29 "), note)
            let image = try #require(scene.images.filter { $0.key <= newest }.max { $0.key < $1.key })
            #expect(try scene.directory.bytes(of: "out/app.db") == image.value, note)
            #expect(FileManager.default.fileExists(atPath: scene.output + "/gone.txt") == (newest == 4), note)
        }
        #expect(moments.count > 2, "\(random): \(moments)")
    }

    @Test("what lies behind the last complete moment is refused, what lies before it is given")
    func moments() throws {
        let scene = try Scene()
        let url = URL(fileURLWithPath: scene.segment)
        let sound = try Data(contentsOf: url)
        var end = sound.count
        repeat {
            end -= 8
            try sound[..<end].write(to: url)
        } while try scene.run("check").stdout.contains("snapshot 6,")
        func restore(_ when: String) throws -> CommandResult {
            try scene.run("restore", scene.database, "--at", when, "--output", scene.output, "--force")
        }
        #expect(try restore("2026-01-29T12:00:05Z").status == 0)
        #expect(try scene.directory.bytes(of: "out") == scene.images[1])
        #expect(try restore("2").status == 0)
        #expect(try scene.directory.bytes(of: "out") == scene.images[2])
        let late = try restore("2026-01-29T12:01:30Z")
        #expect(late.status == 4 && late.isOneLineError, "\(late)")
        #expect(late.stderr.contains("holdfast: incomplete: ") && late.stderr.contains("perhaps --at 2"))
        // Nothing is removed from what cannot be told.
        #expect(try scene.run("forget", scene.data, "--keep-last", "1").status == 4)
    }

    @Test("bytes that are wrong are damage, also at the end of a segment that ends too early")
    func damage() throws {
        let scene = try Scene()
        let url = URL(fileURLWithPath: scene.segment)
        var bytes = try Data(contentsOf: url).dropLast(5)
        bytes[200] ^= 0x40
        try bytes.write(to: url)
        let check = try scene.run("check")
        #expect(check.status == 4 && check.stdout.contains("error: \(scene.segment)"), "\(check)")
        #expect(check.stdout.contains("run holdfast repair"), "\(check)")
    }

    @Test("a damaged description: check names the command that mends it")
    func description() throws {
        let scene = try Scene()
        let directory = URL(fileURLWithPath: scene.segment).deletingLastPathComponent()
            .deletingLastPathComponent()
        try Data("{".utf8).write(to: directory.appendingPathComponent("root.json"))
        let check = try scene.run("check", "--json")
        #expect(check.status == 4 && check.lines.first?.contains("run holdfast repair") == true, "\(check)")
    }
}
