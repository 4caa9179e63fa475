import RepositoryFormat
import RepositoryReader
import SystemPackage
import TestSupport
import Testing

@testable import History

@Suite struct RootReadingTests {
    private let folder: TemporaryDirectory
    private let recorded: RecordedRoot
    private let noon: Int64 = 1_769_688_000

    init() throws {
        folder = try TemporaryDirectory()
        recorded = try RecordedRoot(in: folder.file("r"), protecting: folder.file("data"), .directory)
    }

    private func read(at seconds: Int64) throws -> RootReading {
        try RootReading(recorded.root, now: .unix(seconds))
    }

    private func page(_ byte: UInt8, pages: Int = 1) -> [UInt8] {
        [UInt8](repeating: byte, count: pages * 4096)
    }

    @Test("of a root without snapshots there is nothing to say")
    func empty() throws {
        let reading = try read(at: noon)
        let statistics = reading.statistics
        #expect(statistics.snapshots == 0 && statistics.files == 0 && statistics.imageBytes == 0)
        #expect(statistics.medianStoredBytes == nil && statistics.meanStoredBytes == nil)
        #expect(statistics.wholeImageRatio == nil && statistics.bytesPerDay == nil)
        #expect(reading.costs.latest.totalBytes == 0 && reading.damage == nil)
    }

    @Test("counts what is there, what it takes, and what each span brought")
    func counts() throws {
        let day: Int64 = 86_400
        try recorded.record("a", .plain, page(1, pages: 3), .baseline, at: .unix(noon))
        try recorded.record("b", .plain, page(2), .created, at: .unix(noon + 8 * day))
        try recorded.delete("b", .plain, at: .unix(noon + 9 * day))
        try recorded.record("a", .plain, page(1, pages: 2) + page(9), .commit, at: .unix(noon + 10 * day))
        let statistics = try read(at: noon + 10 * day + 3599).statistics
        #expect(statistics.snapshots == 4 && statistics.files == 1 && statistics.databases == 0)
        #expect(statistics.imageBytes == 3 * 4096)
        #expect(statistics.wholeImageBytes == (3 + 1 + 0 + 3) * 4096)
        #expect(statistics.changedPageBytes == (3 + 1 + 0 + 1) * 4096)
        #expect(statistics.firstTime == .unix(noon) && statistics.lastTime == .unix(noon + 10 * day))
        #expect(statistics.lastHour.snapshots == 1 && statistics.lastDay.snapshots == 1)
        #expect(statistics.lastWeek.snapshots == 3)
        #expect(try read(at: noon + 10 * day + 3600).statistics.lastHour.snapshots == 0)
        #expect(statistics.bytesPerDay == statistics.lastWeek.storedBytes / 7)

        let storage = statistics.storage.sizes
        #expect(try storage.segments == RootHistory(recorded.root).segmentBytes())
        #expect(storage.bases == 0 && storage.mirrors >= 3 * 4096 && storage.others > 0)
        let mean = try #require(statistics.meanStoredBytes)
        #expect(mean == storage.segments / 4)
        #expect(statistics.wholeImageRatio == Double(7 * 4096) / Double(storage.segments))
    }

    @Test("a history of less than a day is not extrapolated")
    func youngHistory() throws {
        try recorded.record("a", .plain, page(1), .baseline, at: .unix(noon))
        let statistics = try read(at: noon + 60).statistics
        #expect(statistics.bytesPerDay == statistics.storage.sizes.segments)
    }

    @Test("a restore reads each file from its last fresh start on, and a deleted one not at all")
    func costs() throws {
        try recorded.record("a", .plain, page(1, pages: 3), .baseline, at: .unix(noon))
        let first = try read(at: noon).costs.latest
        #expect(
            first.sequence == SequenceNumber(1) && first.pageBytes == 3 * 4096 && first.imageBytes == 3 * 4096
        )
        try recorded.record("a", .plain, page(1, pages: 2) + page(9), .commit, at: .unix(noon))
        try recorded.record("b", .plain, page(2, pages: 5), .created, at: .unix(noon))
        let third = try read(at: noon).costs.latest
        #expect(third.pageBytes == (3 + 1 + 5) * 4096 && third.imageBytes == (3 + 5) * 4096)
        #expect(third.readBytes > first.readBytes)

        try recorded.delete("b", .plain, at: .unix(noon))
        try recorded.delete("a", .plain, at: .unix(noon))
        #expect(try read(at: noon).costs.latest.totalBytes == 0)
        try recorded.record("a", .plain, page(7), .created, at: .unix(noon))
        let costs = try read(at: noon).costs
        #expect(costs.latest.sequence == SequenceNumber(6))
        #expect(costs.latest.pageBytes == 4096 && costs.latest.imageBytes == 4096)
        #expect(costs.worst == third)
    }

    @Test("sums of two roots are those of all their snapshots")
    func sums() throws {
        let other = try RecordedRoot(in: folder.file("r"), protecting: folder.file("other"), .directory)
        try recorded.record("a", .plain, page(1), .baseline, at: .unix(noon))
        try other.record("a", .plain, page(2, pages: 2), .baseline, at: .unix(noon - 60))
        var sum = try read(at: noon + 60).statistics
        let (first, second) = (sum, try RootReading(other.root, now: .unix(noon + 60)).statistics)
        sum.add(second)
        #expect(sum.snapshots == 2 && sum.files == 2 && sum.imageBytes == 3 * 4096)
        #expect(sum.storage.disk.total == first.storage.disk.total + second.storage.disk.total)
        #expect(sum.firstTime == .unix(noon - 60) && sum.lastTime == .unix(noon))
        #expect(sum.meanStoredBytes == (first.meanStoredBytes! + second.meanStoredBytes!) / 2)
    }
}
