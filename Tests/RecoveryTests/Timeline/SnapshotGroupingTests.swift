import LinuxSystem
import Testing

@testable import History
@testable import RepositoryFormat

@Suite struct SnapshotGroupingTests {
    private enum Line {
        case snapshot(HistoryListing.Snapshot, RowTally = RowTally())
        case gap
    }

    private func groups(
        by unit: CalendarUnit,
        in calendar: LocalCalendar = .utc,
        _ lines: [Line]
    ) -> [SnapshotGroup] {
        var grouping = SnapshotGrouping(by: unit, in: calendar)
        var groups: [SnapshotGroup] = []
        for line in lines {
            switch line {
            case .snapshot(let snapshot, let tally):
                if let group = grouping.add(snapshot, tally) { groups.append(group) }
            case .gap: grouping.addGap()
            }
        }
        return groups + [grouping.last].compactMap(\.self)
    }

    /// Thursday 2026-01-29 12:00:00 UTC.
    private let noon: Int64 = 1_769_688_000

    @Test("adds up what the snapshots of a minute are, and keeps their first and last")
    func sums() throws {
        let all = groups(
            by: .minute,
            [
                .snapshot(.madeUp(noon + 1, 1, tags: ["a"]), RowTally(added: 5)),
                .snapshot(.madeUp(noon + 59, 4, tags: ["b", "c"], isGood: false), RowTally(removed: 2)),
                .snapshot(.madeUp(noon + 60, 5, isGood: true), RowTally(added: 1, removed: 1)),
            ]
        )
        try #require(all.count == 2)
        #expect(all[0].from == .unix(noon + 1) && all[0].to == .unix(noon + 59))
        #expect(all[0].first == SequenceNumber(1) && all[0].last == SequenceNumber(4))
        #expect(all[0].snapshots == 2 && all[0].pages == 6 && all[0].storedBytes == 200)
        #expect(all[0].tags == ["a", "b", "c"] && all[0].bad == 1)
        #expect(all[0].rows == RowTally(added: 5, removed: 2))
        #expect(all[1].snapshots == 1 && all[1].bad == 0 && all[1].from == all[1].to)
        #expect(all[1].rows == RowTally(added: 1, removed: 1))
    }

    @Test("a gap belongs to the snapshot before it, and before the first one to that")
    func gaps() {
        let lines: [Line] = [
            .gap, .snapshot(.madeUp(noon, 1)), .gap, .gap, .snapshot(.madeUp(noon + 3600, 2)),
        ]
        #expect(groups(by: .hour, lines).map(\.gaps) == [3, 0])
        #expect(groups(by: .hour, [.gap]).isEmpty)
    }

    @Test("days and hours are those of local time, and an hour that occurs twice is two")
    func localTime() {
        // At noon the clock is put back from 14:00 to 13:00.
        let noon = noon
        let zone = LocalCalendar { $0 < noon ? 7200 : 3600 }
        let seconds: [Int64] = [-3600, -1, 0, 3599, 3600]
        let hours: [Line] = seconds.enumerated().map { place, second in
            .snapshot(.madeUp(noon + second, UInt64(place + 1)))
        }
        #expect(groups(by: .hour, in: zone, hours).map(\.snapshots) == [2, 2, 1])
        #expect(groups(by: .day, in: zone, hours).map(\.snapshots) == [5])
        // 22:30 UTC is the next day.
        let evening = noon + 37_800
        let east = LocalCalendar { _ in 7200 }
        let days: [Line] = [.snapshot(.madeUp(noon, 1)), .snapshot(.madeUp(evening, 2))]
        #expect(groups(by: .day, in: east, days).count == 2)
        #expect(groups(by: .day, days).count == 1)
    }

    @Test("of a time before 1970 the minute is rounded down as well")
    func early() {
        let lines: [Line] = [.snapshot(.madeUp(-61, 1)), .snapshot(.madeUp(-1, 2)), .snapshot(.madeUp(0, 3))]
        #expect(groups(by: .minute, lines).map(\.snapshots) == [1, 1, 1])
    }
}
