import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import LinuxSystem

@Suite("Clients of the control socket that say nothing, do not listen, or leave", .serialized)
struct SlowClientsTests {
    private final class Silent {
        let socket: Socket
        init(_ path: FilePath) throws { socket = try Socket.connect(to: path) }

        /// Part of a line.
        func write(_ bytes: ArraySlice<UInt8>) throws {
            var rest = bytes
            while !rest.isEmpty {
                let put = unsafe rest.withUnsafeBytes {
                    unsafe send(socket.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                try #require(put > 0, "the watcher hung up")
                rest = rest.dropFirst(put)
            }
        }
    }

    /// Its connections, and the sockets that it has anyway.
    private func sockets(_ program: RunningProgram) -> Int {
        program.openDescriptors().count { $0.hasPrefix("socket:") }
    }

    private func socketPath(_ protection: Protection) throws -> FilePath {
        let roots = protection.folder.file("repository/roots")
        let root = try #require(FileManager.default.contentsOfDirectory(atPath: roots).first)
        return FilePath("\(roots)/\(root)/control.sock")
    }

    @Test("that read what they asked for very slowly, or not at all, hold no place for long")
    func slowReaders() throws {
        let protection = try Protection()
        try protection.shell("mkdir ../other; cp a.db ../other")
        // Of each link to a database there is a line, so that the answer is far larger than what a socket
        // takes at once.
        let links = "import os\nfor i in range(10000): os.symlink('../other/a.db', 'link-%05d' % i)"
        let made = try Command.run("python3", ["-c", links], directory: protection.data)
        #expect(made.status == 0, "\(made)")
        try protection.watch()
        let watcher = try #require(protection.watcher)
        let before = sockets(watcher)
        try wait(for: "a long answer") {
            try protection.status("--json").stdout.utf8.count > 2_000_000
        }
        try wait(for: "the end of that") { sockets(watcher) == before }
        let clients = try (0..<4).map { _ in try Silent(socketPath(protection)) }
        for client in clients { try client.socket.writeLine(Array(#"{"status":{}}"#.utf8)) }
        try wait(for: "their connections") { sockets(watcher) >= before + clients.count }
        try wait(for: "the end of their connections", within: .seconds(20)) {
            // At this pace the answer takes a minute.
            for client in clients[1...] { _ = try? client.socket.readLine(limit: 0, within: .seconds(1)) }
            WorkerThread.sleep(.milliseconds(100))
            return sockets(watcher) <= before + 1
        }
    }

    @Test(
        "that leave while what they wait for goes on hold no place; one that only ends its own side is answered"
    )
    func gone() throws {
        let protection = try Protection()
        try protection.watch()
        let watcher = try #require(protection.watcher)
        let session = try SQLite3Session(protection.database)
        // What is written under a lock without a journal is captured when the lock goes, and not before.
        _ = try session.sql(
            """
            PRAGMA journal_mode=MEMORY; PRAGMA cache_size=5; BEGIN EXCLUSIVE;
            INSERT INTO t(b) VALUES(randomblob(900000));
            """
        )
        let before = sockets(watcher)
        let path = try socketPath(protection)
        var clients = try (0..<8).map { _ in try Silent(path) }
        for client in clients {
            try client.socket.writeLine(Array(#"{"synchronise":{"annotations":[]}}"#.utf8))
        }
        try wait(for: "their connections") { sockets(watcher) >= before + 8 }
        let half = try Silent(path)
        try half.socket.writeLine(Array(#"{"synchronise":{"annotations":[]}}"#.utf8))
        #expect(shutdown(half.socket.descriptor, Int32(SHUT_WR)) == 0)
        clients = []
        try wait(for: "the end of their connections") { sockets(watcher) <= before + 2 }
        _ = try session.sql("COMMIT;")
        let answer = try #require(try half.socket.readLine(limit: 1000, within: .seconds(20)))
        #expect(String(decoding: answer, as: UTF8.self).contains("durable"))
        try protection.sync()
        try session.close()
    }

    @Test("that ask at great length have longer for it")
    func longRequest() throws {
        let protection = try Protection()
        try protection.watch()
        let client = try Silent(socketPath(protection))
        let blanks = String(repeating: " ", count: 3 << 20)
        let request = Array("{\"synchronise\":{\"annotations\":[\(blanks)]}}\n".utf8)
        try client.write(request[..<(5 << 19)])
        // Neither an answer nor the end comes meanwhile.
        let error = #expect(throws: SystemError.self) {
            try client.socket.readLine(limit: 100, within: .seconds(4))
        }
        try #require(error?.code == .resourceTemporarilyUnavailable)
        try client.write(request[(5 << 19)...])
        let answer = try #require(try client.socket.readLine(limit: 1000, within: .seconds(20)))
        #expect(String(decoding: answer, as: UTF8.self).contains("durable"))
    }

    @Test("hold no place for long, and no more than 32 at once; others are answered")
    func silent() throws {
        let protection = try Protection()
        try protection.watch()
        let watcher = try #require(protection.watcher)
        let before = sockets(watcher)
        let path = try socketPath(protection)
        var silent: [Silent] = []
        for _ in 0..<60 { silent.append(try Silent(path)) }
        #expect(sockets(watcher) <= before + 34)
        try protection.status()
        try SQLite3.sql("INSERT INTO t(b) VALUES('x');", on: protection.database)
        try protection.sync()
        // Those that waited had their time as well.
        for one in silent { #expect(try one.socket.readLine(limit: 100, within: .seconds(10)) == nil) }
        // A client sees the end a moment before the watcher has closed its own side.
        try wait(for: "the end of the connections") { sockets(watcher) <= before + 2 }
    }
}
