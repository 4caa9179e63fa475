import LinuxSystem
import Remote
import Synchronization
import Testing

@Suite("A repeating store")
struct RetryingStoreTests {
    /// What a store was asked to wait for.
    private final class Pauses: Sendable {
        private let pauses = Mutex<[(Duration, RemoteError)]>([])
        var times: [Duration] { pauses.withLock { $0.map(\.0) } }
        var kinds: [RemoteError.Kind] { pauses.withLock { $0.map(\.1.kind) } }

        @Sendable func note(_ time: Duration, _ error: RemoteError) {
            pauses.withLock { $0.append((time, error)) }
        }
    }

    private let name = object("a/1")

    private func store(
        _ rates: FaultStore.Rates,
        mostAttempts: Int?,
        seed: UInt64 = 1
    ) -> (retrying: RetryingStore, inner: FaultStore, pauses: Pauses) {
        let (inner, pauses) = (FaultStore(MemoryBucket(), seed: seed, rates), Pauses())
        let retrying = RetryingStore(inner, mostAttempts: mostAttempts, seed: 3) { pauses.note($0, $1) }
        return (retrying, inner, pauses)
    }

    @Test("repeats until it is done, with the waiting times of its seed")
    func repeats() async throws {
        let (retrying, inner, pauses) = store(.init(busy: 0.7), mostAttempts: nil)
        for number in 1...50 { try await retrying.put(object("\(number)"), [1]) }
        #expect(inner.bucket.objects.count == 50)
        #expect(inner.counts.calls == 50 + pauses.times.count && pauses.times.count > 50)
        #expect(pauses.kinds.allSatisfy { $0 == .unavailable })
        let (again, _, others) = store(.init(busy: 0.7), mostAttempts: nil)
        for number in 1...50 { try await again.put(object("\(number)"), [1]) }
        #expect(others.times == pauses.times)
    }

    @Test("begins each request with a short time again, and each with others")
    func fresh() async throws {
        let (retrying, _, pauses) = store(.init(busy: 1), mostAttempts: 12)
        for _ in 1...2 {
            #expect(
                await errorKind { () throws(RemoteError) in try await retrying.get(name, nil) }
                    == .unavailable
            )
        }
        var (first, second) = (Backoff(seed: 3), Backoff(seed: 4))
        #expect(pauses.times == (1...11).map { _ in first.next() } + (1...11).map { _ in second.next() })
    }

    @Test("gives up after so many attempts", arguments: [1, 2, 7])
    func limit(mostAttempts: Int) async throws {
        let (retrying, inner, pauses) = store(.init(busy: 1), mostAttempts: mostAttempts)
        let kind = await errorKind { () throws(RemoteError) in try await retrying.list("", after: nil) }
        #expect(kind == .unavailable)
        #expect(inner.counts.calls == mostAttempts && pauses.times.count == mostAttempts - 1)
    }

    @Test("repeats nothing else")
    func others() async throws {
        let (retrying, inner, pauses) = store(.init(conflicts: 1), mostAttempts: nil)
        #expect(
            await errorKind { () throws(RemoteError) in try await retrying.putNew(name, [1]) } == .conflict
        )
        #expect(await errorKind { () throws(RemoteError) in try await retrying.get(name, nil) } == .missing)
        inner.bucket.setHasConditions(false)
        let killed = FaultStore(inner.bucket, seed: 1, killAt: 1)
        let dead = RetryingStore(killed, mostAttempts: nil) { pauses.note($0, $1) }
        #expect(await errorKind { () throws(RemoteError) in try await dead.putNew(name, [1]) } == .failed)
        #expect(inner.counts.calls == 2 && killed.counts.calls == 1 && pauses.times.isEmpty)
    }

    @Test("says that a name is taken when the answer to its own attempt was lost")
    func lostAnswer() async throws {
        var outcomes: [Bool] = []
        for seed in 1...40 as ClosedRange<UInt64> {
            let (retrying, inner, _) = store(
                .init(busy: 0.2, lostAnswers: 0.5),
                mostAttempts: nil,
                seed: seed
            )
            outcomes.append(try await retrying.putNew(name, [1, 2]).isStored)
            #expect(inner.bucket.object(name)?.content == [1, 2], "seed \(seed)")
            #expect(outcomes.last == (inner.counts.lostAnswers == 0), "seed \(seed)")
        }
        #expect(Set(outcomes) == [true, false])
    }

    @Test("repeats every kind of request")
    func all() async throws {
        let (retrying, inner, _) = store(.init(busy: 0.5, cutBodies: 0.3), mostAttempts: nil)
        for _ in 1...10 {
            let upload = try await retrying.beginUpload(name)
            let part = try await retrying.putPart(1, of: upload, name, [1, 2, 3])
            #expect(try await retrying.parts(of: upload, name) == [part])
            #expect(try await retrying.uploads("").map(\.upload) == [upload])
            try await retrying.completeUpload(upload, name, [part])
            #expect(try await retrying.get(name, 1..<3) == [2, 3])
            #expect(try await retrying.size(of: name) == 3)
            #expect(try await retrying.names() == ["a/1"])
            #expect(try await retrying.putNew(name, [4]) == .taken)
            try await retrying.put(name, [5])
            #expect(try await retrying.delete(name) == .deleted)
            try await retrying.abandonUpload(try await retrying.beginUpload(name), name)
        }
        #expect(inner.bucket.objects.isEmpty && inner.counts.busy > 50 && inner.counts.cutBodies > 0)
    }

    @Test("throws the store's own error when it may not wait any longer")
    func cancelled() async throws {
        let inner = FaultStore(MemoryBucket(), seed: 1, .init(busy: 1))
        let retrying = RetryingStore(inner, mostAttempts: nil) { _, _ in
            try await Task.sleep(for: .seconds(3_600))
        }
        let task = Task { await errorKind { () throws(RemoteError) in try await retrying.put(name, [1]) } }
        task.cancel()
        #expect(await task.value == .unavailable)
        #expect(inner.counts.calls == 1)
    }
}
