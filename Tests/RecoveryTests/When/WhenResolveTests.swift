@testable import History
import LinuxSystem
import Testing

@Suite("WHEN: which snapshot is meant")
struct WhenResolveTests {
    /// Sequences 1, 3, 4, 9 at 10, 20, 20 and 30 seconds; 3 is good, 9 is bad.
    private let snapshots = [
        SnapshotMoment(sequence: 1, time: .unix(10)),
        SnapshotMoment(sequence: 3, time: .unix(20), isGood: true),
        SnapshotMoment(sequence: 4, time: .unix(20)),
        SnapshotMoment(sequence: 9, time: .unix(30), isGood: false),
    ]
    private let tags: [String: UInt64] = ["alpha": 4, "beta": 7, "early": 0]

    private func resolve(_ when: When, before: Bool = false) throws(WhenError) -> UInt64 {
        let index = try when.resolve(in: snapshots, tags: tags, strictlyBefore: before, now: .unix(100))
        return snapshots[index].sequence
    }

    @Test(
        "a moment means the newest snapshot not later, or strictly earlier",
        arguments: [
            (Int64(10_000_000_000), UInt64(1), UInt64?.none), (10_000_000_001, 1, 1), (19_999_999_999, 1, 1),
            (20_000_000_000, 4, 1), (20_000_000_001, 4, 4), (29_999_999_999, 4, 4), (30_000_000_000, 9, 4),
            (30_000_000_001, 9, 9), (100_000_000_000, 9, 9),
        ]
    )
    func moments(nanoseconds: Int64, at: UInt64, before: UInt64?) throws {
        let instant = Instant(nanoseconds: nanoseconds)
        #expect(try resolve(.instant(instant)) == at)
        if let before {
            #expect(try resolve(.instant(instant), before: true) == before)
        } else {
            #expect(throws: WhenError.beforeFirst(instant, first: snapshots[0])) {
                try resolve(.instant(instant), before: true)
            }
        }
    }

    @Test("a moment before the first snapshot, or in the future, shows the nearest one")
    func outside() throws {
        let early = Instant(nanoseconds: 9_999_999_999)
        #expect(throws: WhenError.beforeFirst(early, first: snapshots[0])) { try resolve(.instant(early)) }
        let future = Instant(nanoseconds: 100_000_000_001)
        let expected = WhenError.inTheFuture(future, now: .unix(100), latest: snapshots[3])
        #expect(throws: expected) { try resolve(.instant(future)) }
        #expect(
            expected.message(in: .utc)
                == "1970-01-01T00:01:40.000000001+00:00 is in the future: "
                + "the latest snapshot is 9 (1970-01-01T00:00:30+00:00)"
        )
    }

    @Test("places counted from the end")
    func latest() throws {
        #expect(try resolve(.latest(back: 0)) == 9)
        #expect(try resolve(.latest(back: 3)) == 1)
        #expect(try resolve(.latest(back: 0), before: true) == 4)
        #expect(throws: WhenError.tooFarBack(4, count: 4)) { try resolve(.latest(back: 4)) }
        #expect(throws: WhenError.tooFarBack(.max, count: 4)) { try resolve(.latest(back: .max)) }
        #expect(throws: WhenError.nothingBefore(snapshots[0])) { try resolve(.latest(back: 3), before: true) }
        #expect(try resolve(.latestGood) == 3)
        let unjudged = [snapshots[0], snapshots[3]]
        #expect(throws: WhenError.noneGood) {
            try When.latestGood.resolve(in: unjudged, tags: [:], strictlyBefore: false, now: .unix(100))
        }
    }

    @Test("a sequence must exist; else its neighbours are shown")
    func sequences() throws {
        #expect(try resolve(.sequence(4)) == 4)
        #expect(try resolve(.sequence(4), before: true) == 3)
        for (asked, nearest) in [(UInt64(0), [0]), (2, [0, 1]), (8, [2, 3]), (10, [3]), (.max, [3])] {
            let expected = WhenError.unknownSequence(asked, nearest: nearest.map { snapshots[$0] })
            #expect(throws: expected) { try resolve(.sequence(asked)) }
        }
    }

    @Test("a tag means its sequence, or the newest snapshot before it; an unknown one lists the known")
    func names() throws {
        #expect(try resolve(.name("alpha")) == 4)
        #expect(try resolve(.name("beta")) == 4)
        #expect(try resolve(.name("alpha"), before: true) == 3)
        #expect(throws: WhenError.unknownSequence(0, nearest: [snapshots[0]])) { try resolve(.name("early")) }
        let unknown = WhenError.unknownTag("gamma", known: ["alpha", "beta", "early"])
        #expect(throws: unknown) { try resolve(.name("gamma")) }
        #expect(unknown.message(in: .utc) == "there is no tag \"gamma\": known are alpha, beta, early")
    }

    @Test("so many snapshots before a tag")
    func beforeNames() throws {
        #expect(try resolve(.name("alpha", back: 1)) == 3)
        #expect(try resolve(.name("beta", back: 1), before: true) == 1)
        #expect(throws: WhenError.nothingBefore(snapshots[0])) { try resolve(.name("alpha", back: 9)) }
    }

    @Test("now is the last snapshot, also where an older version has tagged another one so")
    func now() throws {
        for (text, sequence) in [("now", UInt64(9)), ("now~0", 9), ("now~1", 4), ("now~3", 1)] {
            let when = try When(parsing: text, now: .unix(100), calendar: .utc)
            let index = try when.resolve(
                in: snapshots,
                tags: ["now": 3],
                strictlyBefore: false,
                now: .unix(100)
            )
            #expect(snapshots[index].sequence == sequence, "\(text)")
        }
    }

    @Test("a sequence of another file means the newest snapshot before it")
    func othersSequences() throws {
        let resolve = { (sequence: UInt64) in
            try When.sequence(sequence).resolve(
                in: self.snapshots,
                tags: [:],
                strictlyBefore: false,
                now: .unix(100),
                isOthers: { [2, 5, 10].contains($0) }
            )
        }
        #expect(try [2, 4, 5, 10].map(resolve).map { snapshots[$0].sequence } == [1, 4, 4, 9])
        let unknown = WhenError.unknownSequence(8, nearest: [snapshots[2], snapshots[3]])
        #expect(throws: unknown) { try resolve(8) }
    }

    @Test("without snapshots, nothing is meant")
    func empty() {
        for when in [When.latest(back: 0), .latestGood, .sequence(1), .name("alpha"), .instant(.unix(0))] {
            #expect(throws: WhenError.noSnapshots) {
                try when.resolve(in: [], tags: tags, strictlyBefore: false, now: .unix(100))
            }
        }
    }

    @Test("a wrong text is wrong usage; a snapshot that is not there is not")
    func usage() {
        #expect(WhenError.notUnderstood(text: "", reason: "").isWrongUsage)
        #expect(WhenError.localTimeExistsTwice(text: "", choices: []).isWrongUsage)
        #expect(!WhenError.beforeFirst(.unix(0), first: snapshots[0]).isWrongUsage)
        #expect(!WhenError.unknownTag("", known: []).isWrongUsage)
    }
}
