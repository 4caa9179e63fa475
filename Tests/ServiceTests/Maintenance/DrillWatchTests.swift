import Capture
import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SystemPackage
import TestSupport
import Testing

@testable import Service

@Suite("The schedule of drills")
struct DrillScheduleTests {
    private let daily = DrillSchedule(interval: .seconds(86_400))

    @Test("the first drill waits for ten minutes, or for the interval if that is shorter")
    func first() {
        #expect(daily.firstDelay == .seconds(600))
        #expect(DrillSchedule(interval: .seconds(60)).firstDelay == .seconds(60))
    }

    @Test("a drill is due when the last one is as old as the interval; before, the rest of it is waited for")
    func due() {
        #expect(daily.delay(lastAge: .zero) == .seconds(86_400))
        #expect(daily.delay(lastAge: .seconds(86_390)) == .seconds(10))
        #expect(daily.delay(lastAge: .seconds(86_400)) == nil)
        #expect(daily.delay(lastAge: .seconds(90_000)) == nil)
    }
}

@Suite("The drill watch of a root")
struct DrillWatchTests {
    private static let hourly = DrillSchedule(interval: .seconds(3600))

    /// A history with one database.
    private func history() throws -> (TemporaryDirectory, RecordedRoot, SequenceNumber) {
        let folder = try TemporaryDirectory()
        try SQLite3.sql("CREATE TABLE t(i); INSERT INTO t VALUES(7);", on: folder.file("a.db"))
        let recorded = try RecordedRoot(
            in: folder.file("repository"),
            protecting: folder.file("data"),
            .directory
        )
        let image = try folder.bytes(of: "a.db")
        let sequence = try recorded.record("a.db", .database, image, at: Instant(nanoseconds: 1))
        return (folder, recorded, sequence)
    }

    /// Catches a drill of another snapshot than the last one, and one that leaves its files behind.
    @Test("where none was made, the last snapshot is restored, and only the record of it is left")
    func firstDrill() throws {
        let (folder, recorded, sequence) = try history()
        defer { withExtendedLifetime(folder) {} }
        let names = try Directory.names(in: recorded.root.directory)
        let attempt = try MaintenanceTask.drill(recorded.root, Self.hourly)
        #expect(attempt.due == nil)
        let made = try #require(attempt.record)
        #expect(made.sequence == sequence)
        #expect(made.problem == nil)
        #expect(made.files == 1 && made.databases == 1)
        #expect(try Set(Directory.names(in: recorded.root.directory)) == Set(names))
    }

    /// Catches a drill at each start of the watcher, and a wait that a wrong clock makes longer.
    @Test("a drill in the history is not made again within the interval, wherever the clock was then")
    func recent() throws {
        let (folder, recorded, sequence) = try history()
        defer { withExtendedLifetime(folder) {} }
        let record = try #require(try MaintenanceTask.drill(recorded.root, Self.hourly).record)
        func add(at time: Instant) throws {
            try recorded.add(record.request.annotation(newest: sequence, time: time))
        }
        let now = Instant.now
        try add(at: Instant(nanoseconds: now.nanoseconds &- 7_200_000_000_000))
        #expect(
            try MaintenanceTask.drill(recorded.root, Self.hourly).record != nil,
            "the last one is too old"
        )
        try add(at: now)
        let recent = try MaintenanceTask.drill(recorded.root, Self.hourly)
        #expect(recent.record == nil)
        let due = try #require(recent.due)
        #expect(due > .zero && due <= Self.hourly.interval)
        try add(at: Instant(nanoseconds: now.nanoseconds &+ 86_400_000_000_000))
        let later = try MaintenanceTask.drill(recorded.root, Self.hourly)
        #expect(later.record == nil && later.due == Self.hourly.interval)
    }

    @Test("of an empty history none is made")
    func empty() throws {
        let folder = try TemporaryDirectory()
        let recorded = try RecordedRoot(
            in: folder.file("repository"),
            protecting: folder.file("data"),
            .directory
        )
        let attempt = try MaintenanceTask.drill(recorded.root, Self.hourly)
        #expect(attempt.due == nil && attempt.record == nil)
    }

    /// Catches a watch that ends after one drill, tells what it did not record, or ignores its end.
    @Test("beside capture, each interval has its drill, durable when it is told, until it is cancelled")
    func watch() async throws {
        let data = try DatabaseRoot()
        let protected = try await ProtectedRoot(data)
        let (records, record) = AsyncStream.makeStream(of: DrillRecord.self)
        // No third one begins amid the end of the test.
        let loop = try EventLoop("maintenance")
        defer { loop.stop() }
        let schedule = DrillSchedule(interval: .seconds(1))
        let watch = DrillWatch(
            protector: protected.protector,
            schedule: schedule,
            process: MaintenanceProcess(FilePath(HoldfastProgram.path)),
            loop: loop
        ) { root, made in
            #expect(root == data.root)
            record.yield(made)
        }
        let run = Task { await watch.run() }
        defer { run.cancel() }
        for count in 1...2 {
            let made = try await next(records)
            #expect(made.problem == nil)
            #expect(made.files == 1 && made.databases == 1)
            #expect(try SnapshotIndex(data.root).drills.count >= count)
        }
        run.cancel()
        await run.value
        try await protected.stop()
    }
}
