import LinuxSystem
import Testing

@testable import History
@testable import RepositoryFormat
@testable import RepositoryReader

@Suite struct RetentionPolicyTests {
    /// The sequences (1, 2, 3 … in the order of `times`) that a policy chooses.
    private func kept(
        _ times: [Int64],
        now: Int64? = nil,
        _ calendar: LocalCalendar = .utc,
        _ marks: [HistoryEvent] = [],
        _ change: (inout RetentionPolicy) -> Void
    ) -> [Int] {
        var policy = RetentionPolicy()
        change(&policy)
        let events = times.enumerated().map { HistoryEvent.at($1, UInt64($0 + 1)) }
        let index = SnapshotIndex.madeUp([.named(1, "a.db")] + events + marks)
        let now = Instant.unix(now ?? times.last ?? 0)
        let moments = policy.moments(in: index, now: now, calendar: calendar)
        return moments.indices.filter { !moments[$0].isEmpty }.map { $0 + 1 }
    }

    private let hour: Int64 = 3600
    private let day: Int64 = 86_400
    /// Thursday 2026-01-29 12:00:00 UTC.
    private let noon: Int64 = 1_769_688_000

    @Test("keeps the last so many")
    func last() {
        #expect(kept([1, 2, 3, 4]) { $0.last = 2 } == [3, 4])
        #expect(kept([1, 2, 3, 4]) { $0.last = 99 } == [1, 2, 3, 4])
        #expect(kept([]) { $0.last = 2 } == [])
    }

    @Test("keeps what is as old as the span, and nothing older")
    func within() {
        #expect(kept([0, 9, 10, 20]) { $0.within = .seconds(10) } == [3, 4])
        #expect(kept([0, 9, 10, 20]) { $0.within = .seconds(Int64.max) } == [1, 2, 3, 4])
    }

    @Test("the span counts back from the newest moment, however long ago that is")
    func withinOfNewest() {
        #expect(kept([0, 10, 20], now: 1_000_000) { $0.within = .seconds(10) } == [2, 3])
    }

    @Test("a clock that was put back does not make the present old")
    func clampedClock() {
        // Times that ran ahead by a year, and then stand still until the clock has caught up.
        let ahead = noon + 365 * day
        let times = [noon, noon + 60, ahead, ahead, ahead]
        #expect(kept(times, now: noon + 120) { $0.within = .seconds(3600) } == [1, 2, 3, 4, 5])
        // Equal times share each period; the newest of them is the last.
        #expect(kept(times, now: noon + 120) { $0.hourly = 1 } == [5])
    }

    @Test("keeps the newest of each period, and of so many periods in which there was one")
    func periods() {
        let times = [noon, noon + 60, noon + hour, noon + hour + 1, noon + 100 * hour]
        #expect(kept(times) { $0.hourly = 1 } == [5])
        #expect(kept(times) { $0.hourly = 2 } == [4, 5])
        #expect(kept(times) { $0.hourly = 3 } == [2, 4, 5])
        #expect(kept(times) { $0.daily = 2 } == [4, 5])
    }

    @Test("days begin at local midnight")
    func localDays() {
        // 23:30 and 00:30 in Berlin lie on one day in UTC, 22:30 and 23:30.
        let night = noon + 10 * hour + 1800
        #expect(kept([night, night + hour], .berlin2026) { $0.daily = 9 } == [1, 2])
        #expect(kept([night, night + hour]) { $0.daily = 9 } == [2])
    }

    @Test("weeks begin on Monday, months on the first, in every year")
    func weeksAndMonths() {
        let sunday = noon + 3 * day
        #expect(kept([noon, sunday, sunday + day]) { $0.weekly = 9 } == [2, 3])
        // Saturday is the last of January, Sunday the first of February.
        #expect(kept([noon + 2 * day, sunday]) { $0.monthly = 9 } == [1, 2])
        #expect(kept([noon, noon + 2 * day]) { $0.monthly = 9 } == [2])
        #expect(kept([noon, noon + 365 * day]) { $0.monthly = 9 } == [1, 2])
        // 28 February and 1 March; 1969 and 1970.
        #expect(kept([noon + 30 * day, noon + 31 * day]) { $0.monthly = 9 } == [1, 2])
        #expect(kept([-1, 0]) { $0.monthly = 9 } == [1, 2])
        // The week of 1 January 1970, a Thursday, began on 29 December.
        #expect(kept([-3 * day - 1, -3 * day, 0]) { $0.weekly = 9 } == [1, 3])
    }

    @Test("an hour that the clock shows twice is two, and its day is one")
    func clockPutBack() {
        // 25 October 2026 in Berlin: 02:30 in summer time, then 02:30 again.
        let change: Int64 = 1_792_890_000
        let times = [change - 1800, change + 1800, change + 2 * hour]
        #expect(kept(times, .berlin2026) { $0.hourly = 9 } == [1, 2, 3])
        #expect(kept(times, .berlin2026) { $0.daily = 9 } == [3])
        // Midnight comes an hour later by UTC than the day before.
        let midnight = change + 22 * hour
        #expect(kept([change, midnight - 1, midnight], .berlin2026) { $0.daily = 9 } == [2, 3])
    }

    @Test("an hour that the clock leaves out is none")
    func clockPutForward() {
        let change: Int64 = 1_774_746_000
        let times = [change - 1, change, change + 3599, change + hour]
        #expect(kept(times, .berlin2026) { $0.hourly = 9 } == [1, 3, 4])
        #expect(kept([change - 1, change], .berlin2026) { $0.daily = 9 } == [2])
    }

    @Test("half hours of a change, and offsets that are no whole hours, part no hour")
    func halfHours() {
        // Lord Howe goes back from 02:00 to 01:30, and is 10:30 ahead of UTC then.
        let change: Int64 = 1_775_314_800
        let times = [change - 1, change, change + 1799, change + 1800]
        #expect(kept(times, .lordHowe2026) { $0.hourly = 9 } == [1, 3, 4])
    }

    @Test("keeps the newest, what is tagged, what is held, and the last good one, whatever the rules")
    func always() {
        let times: [Int64] = [1, 2, 3, 4, 5, 6]
        let marks: [HistoryEvent] = [
            .tag("a", 1), .hold(2), .hold(3), .release(3), .verdict("good", 3), .verdict("good", 4),
            .verdict("bad", 5),
        ]
        #expect(kept(times, .utc, marks) { $0.last = 1 } == [1, 2, 4, 6])
        // A tag that was set on nothing that is there leads to the one before.
        #expect(kept([1, 2, 3], .utc, [.tag("late", 9), .tag("never", 0)]) { $0.last = 1 } == [3])
    }

    @Test("the last good one of a deleted database is kept as long as an automatic tag")
    func lastGoodOfDeleted() {
        func kept(_ change: (inout RetentionPolicy) -> Void = { _ in }) -> [UInt64] {
            let index = SnapshotIndex.madeUp([
                .at(0, 1, of: 1), .verdict("good", 1), .at(day, 2, of: 1, .deleted),
                .at(day, 3, of: 2), .verdict("good", 3), .at(2 * day, 4, of: 2, .deleted),
                .at(2 * day, 5, of: 2),
                .at(31 * day, 6, of: 3),
            ])
            var policy = RetentionPolicy()
            policy.last = 1
            change(&policy)
            let now = Instant.unix(40 * day)
            let moments = policy.moments(in: index, now: now, calendar: .utc)
            return zip(index.entries, moments).filter { !$1.isEmpty }.map { $0.0.sequence.rawValue }
        }
        #expect(kept() == [1, 3, 6])
        #expect(kept { $0.automaticTags = .seconds(30 * day - 1) } == [3, 6])
        #expect(kept { $0.automaticTags = .zero } == [3, 6])
    }

    @Test("a rule for a tag keeps every place where it ever stood; without it only the last")
    func movedTag() {
        let marks: [HistoryEvent] = [.tag("nightly", 1), .tag("nightly", 2), .tag("nightly", 3)]
        #expect(kept([1, 2, 3, 4, 5], .utc, marks) { $0.last = 1 } == [3, 5])
        #expect(kept([1, 2, 3, 4, 5], .utc, marks) { $0.tags = ["nightly"] } == [1, 2, 3, 5])
    }

    @Test("a tag of Holdfast's keeps its moment for 30 days, or as long as is said, a person's for good")
    func automaticTags() {
        let times = [0, day, 2 * day, 31 * day, 32 * day]
        let marks: [HistoryEvent] = [
            .tag("mine", 1), .automaticTag("guard-1", 2, at: day), .automaticTag("guard-2", 3, at: 2 * day),
            .automaticTag("guard-3", 4, at: 31 * day),
        ]
        #expect(kept(times, .utc, marks) { $0.last = 1 } == [1, 3, 4, 5])
        #expect(kept(times, .utc, marks) { ($0.last, $0.automaticTags) = (1, .seconds(day)) } == [1, 4, 5])
        #expect(kept(times, .utc, marks) { ($0.last, $0.automaticTags) = (1, .zero) } == [1, 5])
        // Counted back from the newest moment: a database that rests loses nothing.
        #expect(kept(times, now: 900 * day, .utc, marks) { $0.last = 1 } == [1, 3, 4, 5])
        // One that a person sets again is theirs.
        #expect(kept(times, .utc, marks + [.tag("guard-1", 2)]) { $0.last = 1 } == [1, 2, 3, 4, 5])
    }

    @Test("what a tag stood on that was taken away is kept by nothing")
    func removedTag() {
        let marks: [HistoryEvent] = [.tag("a", 1), .tag("a", 2), .tagRemoval("a")]
        #expect(kept([1, 2, 3], .utc, marks) { ($0.last, $0.tags) = (1, ["a"]) } == [3])
        #expect(kept([1, 2, 3], .utc, marks + [.tag("a", 1)]) { $0.last = 1 } == [1, 3])
    }

    @Test("an expired tag whose snapshot is gone leads to no other one")
    func lostTag() {
        let marks: [HistoryEvent] = [.automaticTag("guard-1", 2, at: 0), .automaticTag("guard-2", 3, at: 0)]
        let index = SnapshotIndex.madeUp([.named(1, "a.db"), .at(1, 1), .at(3, 3)] + marks)
        #expect(index.tags == ["guard-2": SequenceNumber(3)])
    }

    @Test("knows when it has no rule")
    func empty() {
        #expect(RetentionPolicy().isEmpty)
        var policy = RetentionPolicy()
        policy.within = .zero
        #expect(policy.isEmpty)
        policy.tags = ["a"]
        #expect(!policy.isEmpty && !RetentionPolicy.standard.isEmpty)
    }

    @Test("says what it keeps")
    func description() {
        #expect(
            RetentionPolicy.standard.description
                == "all within 24h, 48 hourly, 7 daily, 4 weekly, 12 monthly"
        )
        var policy = RetentionPolicy()
        policy.within = .milliseconds(90_500)
        policy.last = 3
        policy.tags = ["a"]
        #expect(policy.description == "all within 90500ms, the last 3, tag a")
        policy.within = .seconds(5400)
        #expect(policy.withinText == "within 90m")
    }
}
