import LinuxSystem
import Remote
import Testing

@Suite("The store with faults")
struct FaultStoreTests {
    private let name = object("a/1")

    /// Many puts, of which some fail: the kinds of errors in their order.
    private func puts(_ store: FaultStore, _ count: Int = 200) async -> [RemoteError.Kind?] {
        var kinds: [RemoteError.Kind?] = []
        for number in 1...count {
            let name = object("\(number)")
            kinds.append(await errorKind { () throws(RemoteError) in try await store.putNew(name, [1]) })
        }
        return kinds
    }

    @Test("fails in the same way for the same seed")
    func seeds() async {
        let rates = FaultStore.Rates(busy: 0.2, lostAnswers: 0.2, conflicts: 0.1)
        let runs = [
            await puts(FaultStore(MemoryBucket(), seed: 5, rates)),
            await puts(FaultStore(MemoryBucket(), seed: 5, rates)),
            await puts(FaultStore(MemoryBucket(), seed: 6, rates)),
        ]
        #expect(runs[0] == runs[1] && runs[0] != runs[2])
        #expect(Set(runs[0]) == [nil, .unavailable, .conflict])
    }

    @Test("does what has a lost answer, and nothing of what it sends away")
    func lostAnswers() async {
        let lost = FaultStore(MemoryBucket(), seed: 1, .init(lostAnswers: 1))
        #expect(Set(await puts(lost)) == [.unavailable])
        #expect(lost.bucket.objects.count == 200 && lost.counts.lostAnswers == 200)
        for rates in [FaultStore.Rates(busy: 1), .init(conflicts: 1)] {
            let busy = FaultStore(MemoryBucket(), seed: 1, rates)
            #expect(!(await puts(busy)).contains(nil))
            #expect(busy.bucket.objects.isEmpty)
        }
    }

    @Test("is dead from the kill on, which comes before or after the request is done")
    func kill() async {
        var counts: Set<Int> = []
        for seed in 1...30 as ClosedRange<UInt64> {
            let store = FaultStore(MemoryBucket(), seed: seed, killAt: 5)
            let kinds = await puts(store, 20)
            #expect(
                kinds == Array(repeating: nil, count: 4) + Array(repeating: .failed, count: 16),
                "seed \(seed)"
            )
            #expect(store.isKilled)
            counts.insert(store.bucket.objects.count)
            // Another client goes on.
            #expect(await puts(FaultStore(store.bucket, seed: 1), 3) == [nil, nil, nil])
        }
        #expect(counts == [4, 5])
    }

    @Test("cuts what is got, and nothing else")
    func cutBodies() async throws {
        let store = FaultStore(MemoryBucket(), seed: 1, .init(cutBodies: 1))
        #expect(try await store.putNew(name, [1]).isStored)
        #expect(await errorKind { () throws(RemoteError) in try await store.get(name, nil) } == .unavailable)
        #expect(try await store.size(of: name) == 1)
        #expect(store.counts.cutBodies == 1)
    }

    @Test("lists without the newest objects for a while, but gets them at once")
    func staleLists() async throws {
        let store = FaultStore(MemoryBucket(), seed: 2, .init(staleLists: 0.3))
        var (stale, inARow, longest) = (0, 0, 0)
        for number in 1...200 {
            let name = object("\(1_000 + number)")
            #expect(try await store.putNew(name, [1]).isStored)
            #expect(try await store.get(name, nil) == [1])
            let listed = try await store.names()
            #expect(
                listed == (1_001..<1_001 + listed.count).map { "\($0)" },
                "the oldest ones, without a hole"
            )
            #expect(listed.count >= number - 8)
            inARow = listed.count < number ? inARow + 1 : 0
            if inARow > 0 { stale += 1 }
            longest = max(longest, inARow)
        }
        #expect(stale == store.counts.staleLists && (60...190).contains(stale) && longest > 1)
        #expect(try await FaultStore(store.bucket, seed: 1).names().count == 200, "for one client only")
    }

    @Test("counts whole seconds of a clock that only the test advances")
    func clock() async throws {
        let bucket = MemoryBucket(clock: Instant(nanoseconds: 1_000_700_000_000))
        let store = FaultStore(bucket, seed: 1)
        try await store.put(object("1"), [1])
        bucket.advanceClock(by: .milliseconds(200))
        try await store.put(object("2"), [1])
        bucket.advanceClock(by: .milliseconds(200))
        try await store.put(object("3"), [1])
        let page = try await store.list("", after: nil)
        #expect(page.objects.map { $0.written.nanoseconds / 1_000_000 } == [1_000_000, 1_000_000, 1_001_000])
        #expect(page.time == Instant(nanoseconds: 1_001_100_000_000))
    }

    @Test("keeps what is locked until its time has come")
    func locks() async throws {
        let bucket = MemoryBucket(.init(lockedFor: .seconds(60)))
        let store = FaultStore(bucket, seed: 1)
        try await store.put(name, [1])
        bucket.advanceClock(by: .seconds(59))
        guard case .kept = try await store.delete(name) else {
            Issue.record("it was deleted")
            return
        }
        #expect(try await store.get(name, nil) == [1])
        bucket.advanceClock(by: .seconds(1))
        #expect(try await store.delete(name) == .deleted)
        #expect(try await store.size(of: name) == nil)
    }

    @Test("refuses conditions where the bucket has none, and writes nothing")
    func conditions() async throws {
        let bucket = MemoryBucket(.init(hasConditions: false))
        let store = FaultStore(bucket, seed: 1)
        #expect(
            await errorKind { () throws(RemoteError) in try await store.putNew(name, [1]) } == .noConditions
        )
        #expect(bucket.objects.isEmpty)
        try await store.put(name, [1])
        #expect(try await store.get(name, nil) == [1])
    }

    @Test("refuses small parts before the last one")
    func smallParts() async throws {
        let store = FaultStore(MemoryBucket(), seed: 1)
        let upload = try await store.beginUpload(name)
        let parts = [
            try await store.putPart(1, of: upload, name, content(MemoryBucket.leastPartBytes - 1)),
            try await store.putPart(2, of: upload, name, [1]),
        ]
        let kind = await errorKind { () throws(RemoteError) in
            try await store.completeUpload(upload, name, parts)
        }
        #expect(kind == .failed)
        try await store.completeUpload(upload, name, [parts[0]])
        #expect(try await store.size(of: name) == UInt64(MemoryBucket.leastPartBytes - 1))
    }

    @Test("gives pages of the size that the test wants")
    func pages() async throws {
        let store = FaultStore(MemoryBucket(), seed: 1, pageCount: 3)
        _ = await puts(store, 7)
        let page = try await store.list("", after: nil)
        #expect(page.objects.count == 3 && page.hasMore)
        #expect(try await store.listAll().count == 7)
    }
}
