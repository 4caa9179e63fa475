import Foundation
import LinuxFiles
import SystemPackage
import TestSupport
import Testing

@Suite("Clients of the control socket that say nothing", .serialized)
struct SlowClientsTests {
    private final class Silent {
        let socket: Socket
        init(_ path: FilePath) throws { socket = try Socket.connect(to: path) }
    }

    private func threads(_ program: RunningProgram) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(program.processID)/task").count
    }

    @Test("hold no thread for long, and no more than 32 at once; others are answered")
    func silent() throws {
        let protection = try Protection()
        try protection.watch()
        let watcher = try #require(protection.watcher)
        let roots = protection.folder.file("repository/roots")
        let root = try #require(FileManager.default.contentsOfDirectory(atPath: roots).first)
        let before = try threads(watcher)
        let path = FilePath("\(roots)/\(root)/control.sock")
        var silent: [Silent] = []
        for _ in 0..<60 { silent.append(try Silent(path)) }
        #expect(try threads(watcher) <= before + 34)
        try protection.holdfast("status")
        try SQLite3.sql("INSERT INTO t(b) VALUES('x');", on: protection.database)
        try protection.sync()
        // Those that waited had their time as well.
        for one in silent { #expect(try one.socket.readLine(limit: 100, within: .seconds(10)) == nil) }
        // A client sees the end a moment before the thread that brought it has ended.
        try wait(for: "the end of the threads") { try threads(watcher) <= before + 2 }
    }
}
