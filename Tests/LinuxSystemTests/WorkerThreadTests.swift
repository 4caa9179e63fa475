import Foundation
import LinuxSystem
import SystemPackage
import Testing

@Suite("WorkerThread")
struct ThreadTests {
    @Test("has the name that it was given, as the kernel shows it")
    func name() async throws {
        let name = try await LinuxSystem.WorkerThread.run("a name") {
            try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
        }
        #expect(name == "a name\n")
    }

    @Test("a program that such a thread starts receives all signals")
    func child() throws {
        let line = try WorkerThread.wait("thread") {
            let process = try ChildProcess("grep", named: "grep", ["SigBlk", "/proc/self/status"])
            defer { process.wait() }
            return try process.nextLine()
        }
        #expect(line == "SigBlk:\t0000000000000000")
    }

    @Test("receives only signals that it brings upon itself, and what it returns or throws is handed on")
    func signals() throws {
        let blocked = try WorkerThread.wait("thread") {
            let status = try String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8)
            return status.split(separator: "\n").first { $0.hasPrefix("SigBlk:") }.map(String.init)
        }
        let bits = try #require(blocked.flatMap { UInt64($0.suffix(16), radix: 16) })
        let isBlocked = { (signal: Int32) in bits >> (signal - 1) & 1 == 1 }
        #expect([SIGHUP, SIGINT, SIGTERM, SIGCHLD, SIGUSR1].allSatisfy(isBlocked))
        #expect(![SIGSEGV, SIGABRT, SIGPIPE].contains(where: isBlocked))
        #expect(throws: CancellationError.self) {
            try WorkerThread.wait("thread") { throw CancellationError() }
        }
    }
}
