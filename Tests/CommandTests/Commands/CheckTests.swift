import Foundation
import TestSupport
import Testing

@Suite struct CheckTests {
    @Test("finds a sound repository sound", arguments: [[], ["--read-data"]])
    func sound(_ arguments: [String]) throws {
        let scene = try Scene()
        let result = try scene.run(["check", "--json"] + arguments)
        #expect(result.status == 0 && result.stderr == "")
        #expect(
            result.stdout.contains(/^{"summary":true,"errors":0,"snapshots":6,"bytes_read":[1-9][0-9]*}\n$/),
            "\(result.stdout)"
        )
        #expect(try scene.run(["check"] + arguments).stdout.hasPrefix("1 root, 6 snapshots, "))
    }

    @Test("names damage by path and offset, with status 4")
    func damage() throws {
        let scene = try Scene()
        try scene.flip(scene.segment, at: 500)
        let json = try scene.run("check", "--json")
        #expect(json.status == 4 && json.stderr == "")
        let finding = try #require(json.lines.first)
        #expect(
            finding.contains(
                #/^{"severity":"error","file":"\/.*\.segment","offset":[0-9]+,"message":".+"}$/#
            ),
            "\(finding)"
        )
        #expect(json.lines.last?.hasPrefix(#"{"summary":true,"errors":"#) == true)

        let text = try scene.run("check")
        #expect(text.status == 4 && text.stdout.hasPrefix("error: \(scene.segment) at byte "))
        let quiet = try scene.run("check", "--quiet")
        #expect(quiet.status == 4 && quiet.stdout == "" && quiet.stderr.hasPrefix("holdfast: damage in "))
    }

    @Test("damage at the very end is found, and restore does not pass it over in silence")
    func lastRecord() throws {
        let scene = try Scene()
        let size = try Data(contentsOf: URL(fileURLWithPath: scene.segment)).count
        try scene.flip(scene.segment, at: size - 1)
        #expect(try scene.run("check").status == 4)
        let restore = try scene.run("restore", scene.database, "--output", scene.output)
        #expect(restore.status == 4 && restore.isOneLineError, "\(restore)")
        #expect(restore.stderr.contains("damage in \(scene.segment) at byte "), "\(restore.stderr)")
        #expect(try scene.leftovers == [])
    }

    @Test("takes a description that cannot be understood for damage, and an unknown version for what it is")
    func description() throws {
        let scene = try Scene()
        let path = scene.directory.file("repository/repository.json")
        let sound = try String(contentsOfFile: path, encoding: .utf8)
        try sound.replacing("\"version\":1", with: "\"version\":99").write(
            toFile: path,
            atomically: false,
            encoding: .utf8
        )
        let newer = try scene.run("check")
        #expect(newer.status == 1 && newer.isOneLineError && newer.stderr.contains("needs a newer holdfast"))
        try "{".write(toFile: path, atomically: false, encoding: .utf8)
        let garbled = try scene.run("check")
        #expect(garbled.status == 4 && garbled.isOneLineError)
    }
}
