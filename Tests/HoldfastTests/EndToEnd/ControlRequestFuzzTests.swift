import Foundation
import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@Suite("Control socket: whatever is asked")
struct ControlRequestFuzzTests {
    @Test("a watcher answers every line or hangs up, stays small, and goes on")
    func requests() throws {
        let protection = try Protection()
        try protection.watch()
        let watcher = try #require(protection.watcher)
        let before = watcher.peakMemoryBytes
        let path = try Self.socket(in: protection.folder.file("repository"))
        let sound = [
            #"{"status":{}}"#, #"{"synchronise":{"annotations":[]}}"#,
            #"{"synchronise":{"annotations":[{"kind":1,"target":1,"fields":{"name":"a","message":"b"}}]}}"#,
        ]
        var run = FuzzRun("control requests", rounds: 1000)
        var answers = 0
        while var random = run.next() {
            var line = Array(sound.randomElement(using: &random)!.utf8)
            line.mutate(with: &random)
            let connection = try Socket.connect(to: path)
            connection.setReadTimeout(.seconds(60))
            try connection.writeLine(line)
            guard let reply = try connection.readLine(limit: 1 << 20) else { continue }
            answers += 1
            let isObject = (try? JSONSerialization.jsonObject(with: Data(reply))) is [String: Any]
            #expect(isObject, "\(random): \(String(decoding: reply, as: UTF8.self))")
        }
        #expect(answers > 900)
        // Lines without an end: none is taken in whole.
        let endless = [UInt8](repeating: UInt8(ascii: "["), count: 64 << 20)
        for _ in 0..<3 {
            let connection = try Socket.connect(to: path)
            #expect(throws: SystemError.self) { try connection.writeLine(endless) }
            let reason = try #require(try connection.readLine(limit: 1000))
            #expect(String(decoding: reason, as: UTF8.self).contains("the request has more than"))
        }
        #expect(watcher.peakMemoryBytes < before + 32 << 20)
        try SQLite3.sql("INSERT INTO t VALUES(1, 'x');", on: protection.database)
        #expect(try protection.sync() == 2)
        let ended = try #require(try protection.stop())
        #expect(ended.status == 0, "\(ended)")
    }

    /// The only root's.
    private static func socket(in repository: String) throws -> FilePath {
        let roots = try FileManager.default.contentsOfDirectory(atPath: repository + "/roots")
        return FilePath("\(repository)/roots/\(roots[0])/control.sock")
    }
}
