import Foundation
import TestSupport
import Testing

@Suite("A clock that is wrong for a while", .serialized)
struct ClockTests {
    private static let year = 365 * 86_400

    private func insert(_ number: Int, _ protection: Protection) throws {
        try SQLite3.sql("INSERT INTO t(b) VALUES(\(number));", on: protection.database)
    }

    private func newest(at when: String, _ protection: Protection) throws -> String {
        let copy = try protection.restore(when)
        defer { try? FileManager.default.removeItem(atPath: copy) }
        return try SQLite3.sql("SELECT max(b) FROM t;", on: copy).trimmingCharacters(in: .newlines)
    }

    private func kept(_ rule: String..., in protection: Protection) throws -> [String] {
        try protection.holdfast("forget", protection.data, "--dry-run", "--json", rule[0], rule[1]).stdout
            .split(separator: "\n").filter { $0.contains(#""action":"keep""#) }.map(String.init)
    }

    /// Captures one commit for each clock, which is so many seconds ahead, or behind if below zero.
    private func capture(_ offsets: [Int], _ protection: Protection) throws {
        let clock = try SetClock(in: protection.folder)
        let environment = protection.environment.merging(clock.environment) { $1 }
        for (number, offset) in offsets.enumerated() {
            try insert(number + 1, protection)
            try clock.set(seconds: offset)
            let result = try HoldfastProgram.run(
                ["watch", "--once", "--quiet", "--keep-all", protection.data],
                environment: environment
            )
            try #require(result.status == 0, "\(result)")
        }
    }

    @Test("one commit of a clock that was ahead hides no other", arguments: [3600, year])
    func ahead(by seconds: Int) throws {
        let protection = try Protection()
        let started = Date()
        let hours = [-27, -26, -3, -2].map { $0 * 3600 }
        try capture(hours + [-6000 + seconds, -5000, -4200, -600], protection)
        #expect(try newest(at: "121m ago", protection) == "3")
        #expect(try newest(at: "119m ago", protection) == "4")
        #expect(try newest(at: "82m ago", protection) == "6")
        #expect(try newest(at: "65m ago", protection) == "7")
        let times = try protection.snapshots().compactMap(\.time)
        #expect(times == times.sorted() && times.count == 8)
        let moments = hours + [-5000, -5000, -4200, -600]
        let days = Set(
            moments.map { Int(started.addingTimeInterval(Double($0)).timeIntervalSince1970) / 86_400 }
        )
        #expect(try kept("--keep-daily", "9", in: protection).count == days.count)
        #expect(try kept("--keep-hourly", "99", in: protection).count >= 5)
        try protection.check()
    }

    @Test("a clock that was never set makes nothing earlier, and retention drops nothing for it")
    func neverSet() throws {
        let protection = try Protection()
        let days = (1...6).reversed().map { -$0 * 86_400 }
        try capture(days + [-1_700_000_000], protection)
        #expect(try newest(at: "47h ago", protection) == "5")
        #expect(try kept("--keep-daily", "9", in: protection).count == 6)
        try capture([0], protection)
        #expect(try newest(at: "47h ago", protection) == "5")
        #expect(try kept("--keep-daily", "9", in: protection).count == 7)
    }

    @Test("set while the watcher runs: the commits have the times of the right clock, and the log says so")
    func live() throws {
        let protection = try Protection(
            "PRAGMA journal_mode = WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b);"
        )
        let clock = try SetClock(in: protection.folder)
        let watcher = try HoldfastProgram.start(
            ["watch", protection.data],
            environment: protection.environment.merging(clock.environment) { $1 }
        )
        defer { watcher.kill() }
        try watcher.waitForError { $0.hasPrefix("ready") }
        let before = Date()
        for (number, offset) in [0, 7200, 7200, 0, -Self.year, 0].enumerated() {
            try clock.set(seconds: offset)
            try insert(number + 1, protection)
            try protection.sync()
        }
        let log = try protection.log()
        let format = ISO8601DateFormatter()
        format.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        let times = try protection.snapshots().suffix(6).map { try #require(format.date(from: $0.time!)) }
        #expect(times == times.sorted() && times[0] >= before.addingTimeInterval(-0.01) && times[5] <= Date())
        // Two of them were made with another clock; each is where it was made.
        for (earlier, later) in zip(times, times.dropFirst()) { #expect(earlier < later) }
        #expect(log.filter { $0.event == "clock" }.count == 4)
        let text = try protection.holdfast("log", protection.data).stdout
        #expect(
            text.contains("was set forward by 2 h 0 min") && text.contains("was set back by 2 h 0 min"),
            "\(text)"
        )
        #expect(try watcher.terminate().status == 0)
        // What is rewritten says the same.
        let sealed = try protection.snapshots().map(\.time)
        try protection.holdfast("forget", protection.data, "--keep-last", "99")
        #expect(try protection.snapshots().map(\.time) == sealed)
        try protection.check()
    }
}
