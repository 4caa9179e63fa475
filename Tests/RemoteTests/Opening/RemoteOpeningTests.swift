import LinuxSystem
import RepositoryFormat
import SystemPackage
import TestSupport
import Testing

@testable import Remote

@Suite("Opening a remote")
struct RemoteOpeningTests {
    private static let other = RepositoryID("00112233445566778899aabbccddeeff")!

    @Test("makes it at the first use, and finds it at the second one", arguments: [true, false])
    func twice(hasConditions: Bool) async throws {
        let bucket = MemoryBucket(.init(hasConditions: hasConditions))
        let first = try await RemoteOpening(FaultStore(bucket, seed: 1)).write()
        #expect(first.hasConditions == hasConditions && first.writer == "here")
        #expect(bucket.objects.keys.map(\.text) == ["remote.json"], "the probe is gone")
        let content = bucket.objects
        let second = try await RemoteOpening(FaultStore(bucket, seed: 1)).write()
        #expect(second.address == first.address)
        #expect(second.hasConditions == hasConditions)
        #expect(bucket.objects == content, "nothing is written")
        let reader = try await RemoteOpening(FaultStore(bucket, seed: 1)).openForReading()
        #expect(reader.address == first.address && reader.hasConditions == hasConditions)
    }

    @Test("is not hindered by a probe that cannot be deleted")
    func locked() async throws {
        let bucket = MemoryBucket(.init(lockedFor: .seconds(3600)))
        let access = try await RemoteOpening(FaultStore(bucket, seed: 1)).write()
        #expect(access.hasConditions && bucket.objects.count == 2)
        #expect(try await RemoteOpening(FaultStore(bucket, seed: 1)).write().address == access.address)
    }

    @Test("gives another address to a remote that was made anew at the same place")
    func anew() async throws {
        let bucket = MemoryBucket()
        let first = try await RemoteOpening(FaultStore(bucket, seed: 1)).write()
        let former = RemoteFile(
            repository: Sample.repository,
            created: Instant(nanoseconds: 1_700_000_000_000_000_000),
            hasConditions: true,
            isEncrypted: false
        )
        bucket.replace(ObjectNames.remote, by: try former.encoded())
        #expect(try await RemoteOpening(FaultStore(bucket, seed: 1)).write().address != first.address)
    }

    @Test("refuses the remote of another repository, and leaves it as it is")
    func otherRepository() async throws {
        let bucket = MemoryBucket()
        let opening = try RemoteOpening(FaultStore(bucket, seed: 1))
        _ = try await opening.write(Self.other)
        let content = bucket.objects
        await expect(.otherWriter, "s3://bucket/prefix", "\(Self.other)", "s3://bucket/prefix-2") {
            _ = try await opening.write()
        }
        #expect(bucket.objects == content)
        await expect(.otherWriter) { _ = try await opening.openForReading(of: Sample.repository) }
        _ = try await opening.openForReading(of: Self.other)
    }

    @Test("finds that another one came first while it wrote", arguments: [true, false])
    func race(hasConditions: Bool) async throws {
        let bucket = MemoryBucket(.init(hasConditions: hasConditions))
        let theirs = RemoteFile(
            repository: Self.other,
            created: .now,
            hasConditions: hasConditions,
            isEncrypted: false
        )
        let content = try theirs.encoded()
        let store = InterruptedStore(FaultStore(bucket, seed: 1)) {
            // With conditions right before ours, without them right after.
            bucket.replace(ObjectNames.remote, by: content)
        }
        await expect(.otherWriter, "\(Self.other)") { _ = try await RemoteOpening(store).write() }
        #expect(bucket.object(ObjectNames.remote)?.content == content)
    }

    @Test("goes on after a kill at any request of the first use", arguments: [true, false], [true, false])
    func killed(hasConditions: Bool, isEncrypted: Bool) async throws {
        let settings = isEncrypted ? RemoteSettings.bucket(SecretKey().recipient) : .bucket()
        let whole = FaultStore(MemoryBucket(.init(hasConditions: hasConditions)), seed: 1)
        _ = try await RemoteOpening(whole, settings).write()
        #expect(whole.counts.calls >= 5)
        for seed in UInt64(1)...4 {
            for at in 1...whole.counts.calls {
                let bucket = MemoryBucket(.init(hasConditions: hasConditions))
                let killed = FaultStore(bucket, seed: seed, killAt: at)
                await expect(.failed, "killed") { _ = try await RemoteOpening(killed, settings).write() }
                let access = try await RemoteOpening(FaultStore(bucket, seed: 1), settings).write()
                #expect(access.hasConditions == hasConditions)
                let again = try await RemoteOpening(FaultStore(bucket, seed: 1), settings).write()
                #expect(again.address == access.address)
            }
        }
    }

    @Test("bears lost answers, busy servers and conflicts", arguments: [true, false])
    func faults(hasConditions: Bool) async throws {
        for seed in UInt64(1)...60 {
            let rates = FaultStore.Rates(
                busy: 0.2,
                lostAnswers: 0.3,
                cutBodies: 0.2,
                conflicts: 0.2,
                staleLists: 0.3
            )
            let bucket = MemoryBucket(.init(hasConditions: hasConditions))
            let faulty = FaultStore(bucket, seed: seed, rates)
            let store = RetryingStore(faulty, mostAttempts: nil, seed: seed) { _, _ in }
            do {
                let access = try await RemoteOpening(store).write()
                #expect(access.hasConditions == hasConditions, "seed \(seed)")
            } catch let error as RemoteError where error.kind == .conflict {
                // Then the next start makes it.
                let access = try await RemoteOpening(FaultStore(bucket, seed: 1)).write()
                #expect(access.hasConditions == hasConditions, "seed \(seed)")
            }
        }
    }

    @Test("refuses a place where objects are, but no description")
    func lost() async throws {
        let bucket = MemoryBucket()
        bucket.replace(object("roots/0123456789abcdef/stream/000000000001"), by: [1])
        await expect(.damaged, "s3://bucket/prefix: remote.json is missing") {
            _ = try await RemoteOpening(FaultStore(bucket, seed: 1)).write()
        }
        #expect(bucket.objects.count == 1)
    }

    @Test("refuses a damaged description, and one of a later version")
    func damaged() async throws {
        let bucket = MemoryBucket()
        let opening = try RemoteOpening(FaultStore(bucket, seed: 1))
        bucket.replace(ObjectNames.remote, by: Array("{}".utf8))
        await expect(.damaged, "s3://bucket/prefix: remote.json") { _ = try await opening.write() }
        await expect(.damaged, "s3://bucket/prefix: remote.json") { _ = try await opening.openForReading() }
        bucket.replace(ObjectNames.remote, by: Array(#"{"format":"holdfast-remote","version":7}"#.utf8))
        await expect(.failed, "version 7") { _ = try await opening.openForReading() }
    }

    @Test("reads nothing where nothing is, and says what to check")
    func nothing() async throws {
        let bucket = MemoryBucket()
        await expect(.noSuchRemote, "s3://bucket/prefix: there is no remote.json", "bucket, prefix") {
            _ = try await RemoteOpening(FaultStore(bucket, seed: 1)).openForReading()
        }
        #expect(bucket.objects.isEmpty)
    }

    @Test("lists the roots with a request for each, however many objects they have")
    func roots() async throws {
        let bucket = MemoryBucket()
        let opening = try RemoteOpening(FaultStore(bucket, seed: 1))
        _ = try await opening.write()
        #expect(try await opening.openForReading().roots() == [])
        let roots = [1, 0x10, 0x1f, 0xffff_ffff_ffff_ffff].map { RootID($0) }
        for root in roots {
            for number in UInt64(1)...50 {
                bucket.replace(ObjectNames.batch(root, BatchID(BatchNumber(number))), by: [1])
                bucket.replace(ObjectNames.data(root, BatchNumber(number), session: 9, index: 1), by: [1])
            }
        }
        for name in ["roots/x/y", "roots/0000000000000010-x/y", "roots/z", "rootsx/0000000000000011/a"] {
            bucket.replace(object(name), by: [1])
        }
        let store = FaultStore(bucket, seed: 1, pageCount: 3)
        let access = try await RemoteOpening(store).openForReading()
        let before = store.counts.calls
        #expect(try await access.roots() == roots)
        #expect(store.counts.calls - before <= roots.count + 2)
    }
}

/// Does something when `remote.json` is written: before, if that is with a condition, else after.
private struct InterruptedStore: ForwardingStore {
    let store: any RemoteStore
    let interruption: @Sendable () -> Void

    init(_ store: any RemoteStore, _ interruption: @escaping @Sendable () -> Void) {
        (self.store, self.interruption) = (store, interruption)
    }

    func putNew(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) -> PutOutcome {
        if name == ObjectNames.remote { interruption() }
        return try await store.putNew(name, content)
    }

    func put(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) {
        try await store.put(name, content)
        if name == ObjectNames.remote { interruption() }
    }
}
