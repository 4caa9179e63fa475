import LinuxSystem
import RepositoryFormat
import TestSupport
import Testing

@testable import Remote

@Suite("Checking a remote")
struct RemoteCheckTests {
    @Test("a remote that is well has no findings; what is not needed is counted, and prune removes that")
    func well() async throws {
        for hasConditions in [true, false] {
            let remote = try await MaintainedRemote(.init(hasConditions: hasConditions))
            try await remote.shipCompacted()
            var (outcome, findings) = try await remote.check()
            #expect(findings.isEmpty && outcome.errors == 0 && outcome.warnings == 0)
            #expect(outcome.state == remote.state)
            #expect(outcome.needed.objects == remote.state.dataObjects.count + remote.state.batches.count)
            let unneeded = outcome.unneeded
            #expect(unneeded.objects > 4)
            remote.advance(hours: 25)
            let pruned = try await RemotePrune(remote.access().reading(remote.root)).run()
            #expect(
                pruned.indexes.bytes + pruned.batches.bytes + pruned.data.bytes == unneeded.bytes
            )
            (outcome, findings) = try await remote.check()
            #expect(findings.isEmpty && outcome.unneeded.objects == 0)
        }
    }

    @Test("each object that is missing, too short or too long is an error that names it")
    func sizes() async throws {
        let remote = try await MaintainedRemote()
        try await remote.shipCompacted()
        let needed = try NeededObjects(remote.state, remote.root, .plain)
        #expect(!needed.data.isEmpty && needed.batches.count > 1)
        for name in needed.sizes.keys {
            let content = try #require(remote.bucket.object(name)).content
            for bad in [nil, [], Array(content.dropLast(content.count - 100)), content + [0]] {
                // A batch may have more than what is needed of it; that is for its digest to find.
                let isBatch = ObjectNames.batch(name, in: remote.root) != nil
                if isBatch, let bad, bad.count > content.count { continue }
                // The newest batch, if it is missing, was not shipped yet.
                if bad == nil, name == ObjectNames.batch(remote.root, remote.state.batch) { continue }
                remote.bucket.replace(name, by: bad)
                let (outcome, findings) = try await remote.check()
                #expect(findings.contains { $0.severity == .error && $0.name == name }, "\(name)")
                #expect(outcome.errors == findings.filter { $0.severity == .error }.count)
            }
            remote.bucket.replace(name, by: content)
        }
        #expect(try await remote.check().1.isEmpty)
    }

    @Test("sealed objects have the size of their chunks")
    func sealed() async throws {
        let key = DataKey()
        let repository = try #require(RepositoryID("00112233445566778899aabbccddeeff"))
        let secret = SecretKey()
        let object = try KeyObject(
            sealing: key,
            for: SealTargets([secret.recipient]),
            repository: repository
        )
        let remote = try await MaintainedRemote(codec: ObjectCodec(sealing: key, opening: nil))
        let store = FaultStore(remote.bucket, seed: 1)
        try await store.put(KeyObjectName(key.id).name, object.bytes)
        try await remote.shipCompacted()
        let ring = KeyRing(store, of: repository, OpeningKeys([secret]))
        let codec = ObjectCodec(sealing: nil, opening: ring)
        #expect(try await remote.check(codec: codec).1.isEmpty)
        let data = try #require(remote.state.dataObjects.min())
        let content = try #require(remote.bucket.object(data)).content
        remote.bucket.replace(data, by: content.dropLast())
        #expect(try await remote.check(codec: codec).1.map(\.name) == [data])
        remote.bucket.replace(data, by: content)
        // Of these objects this reader has the key.
        remote.bucket.replace(KeyObjectName(key.id).name, by: nil)
        let findings = try await remote.check(codec: codec).1
        #expect(findings.map(\.name) == [KeyObjectName(key.id).name])
        #expect(findings.first?.message.contains("--take-over") == true)
        let other = ObjectCodec(
            sealing: nil,
            opening: KeyRing(store, of: repository, OpeningKeys([secret]))
        )
        let (outcome, unread) = try await remote.check(codec: other)
        #expect(outcome.errors == 2 && outcome.isCut, "\(unread)")
        #expect(unread.allSatisfy { $0.message.contains("keys/\(key.id) was removed") }, "\(unread)")
        remote.bucket.replace(KeyObjectName(key.id).name, by: object.bytes)
        #expect(
            await errorKind { () async throws(RemoteError) in
                _ = try await RemoteCheck(remote.access().reading(remote.root)).run { _ in }
            } == .wrongKey
        )
    }

    @Test("a batch that is missing though later ones are there is an error that names it, also to a reader")
    func hole() async throws {
        // benbjohnson/litestream#1515
        let remote = try await MaintainedRemote()
        try await remote.ship(7)
        let missing = ObjectNames.batch(remote.root, BatchID(BatchNumber(6)))
        remote.bucket.replace(missing, by: nil)
        let (outcome, findings) = try await remote.check()
        #expect(outcome.state.batch.number == BatchNumber(5))
        #expect(findings.map(\.name) == [missing])
        #expect(findings.first?.message.contains("000000000007") == true)
        let reading = remote.access().reading(remote.root)
        let error = await #expect(throws: RemoteError.self) { try await reading.newestState() }
        #expect(error?.kind == .damaged && error?.description.contains(missing.text) == true)
        // An index is a bridge.
        try await remote.ship(1)
        #expect(try await reading.newestState() == remote.state)
    }

    @Test("a batch that is another one, or a damaged index, is an error")
    func damage() async throws {
        let remote = try await MaintainedRemote()
        try await remote.ship(7)
        let names = [5, 6].map { ObjectNames.batch(remote.root, BatchID(BatchNumber($0))) }
        let content = try #require(remote.bucket.object(names[0])).content
        let other = try await MaintainedRemote()
        try await other.ship(5)
        var batch = try StreamObject(content, .batch, names[0])
        batch.writer = "another"
        remote.bucket.replace(names[0], by: batch.encoded())
        #expect(try await remote.check().1.map(\.name) == [names[1]], "the next one says so")
        remote.bucket.replace(names[0], by: content.dropLast())
        #expect(try await remote.check().1.first?.name == names[0])
        remote.bucket.replace(names[0], by: content)
        let index = ObjectNames.index(remote.root, after: BatchID(BatchNumber(4)))
        remote.bucket.replace(index, by: [1])
        #expect(try await remote.check().1.map(\.name) == [index])
    }

    @Test("names that no writer gives are warnings")
    func foreign() async throws {
        let remote = try await MaintainedRemote()
        try await remote.ship(2)
        let prefix = "roots/\(remote.root)"
        let names = [
            "data/else", "index/1", "stream/000000000000", "stream/000000000001.00000000000000aa", "stream/7",
        ].map { object("\(prefix)/\($0)") }
        for name in names { remote.bucket.replace(name, by: [1]) }
        let (outcome, findings) = try await remote.check()
        #expect(outcome.errors == 0 && outcome.warnings == names.count)
        #expect(findings.map(\.name).sorted() == names.sorted())
    }

    @Test("two batches with one number are a warning where names cannot be refused")
    func twoWriters() async throws {
        let remote = try await MaintainedRemote(.init(hasConditions: false))
        try await remote.ship(2)
        let id = BatchID(BatchNumber(2), session: .max)
        remote.advance(hours: 1)
        remote.bucket.replace(ObjectNames.batch(remote.root, id), by: [1])
        let (outcome, findings) = try await remote.check()
        #expect(outcome.errors == 0 && findings.map(\.severity) == [.warning])
        #expect(findings.first?.message.contains("two writers") == true)
    }

    @Test("in so many days each object is read once, and one whose content is another is found")
    func data() async throws {
        let remote = try await MaintainedRemote()
        try await remote.shipCompacted()
        let check = RemoteCheck(remote.access().reading(remote.root))
        let needed = try NeededObjects(remote.state, remote.root, .plain)
        var read = 0
        for day in UInt64(100)..<104 {
            let slice = DataSlice(days: 4, day: day)
            let outcome = try await check.readData(slice, of: remote.state) { Issue.record("\($0)") }
            #expect(
                outcome == (try await check.readData(slice, of: remote.state) { Issue.record("\($0)") })
            )
            read += outcome.objects
        }
        #expect(read == needed.sizes.count)
        let all = DataSlice(days: 1, day: 0)
        // The newest batches are read by each check anyway.
        let indexed = BatchNumber(12)
        let old = needed.sizes.keys.filter {
            (ObjectNames.batch($0, in: remote.root)?.number ?? .none) <= indexed
        }
        for name in old {
            let content = try #require(remote.bucket.object(name)).content
            var bad = content
            bad[bad.count / 2] ^= 1
            for bad in [bad, Array(content.dropLast()), nil] {
                remote.bucket.replace(name, by: bad)
                var found: [RemoteFinding] = []
                let outcome = try await check.readData(all, of: remote.state) { found.append($0) }
                #expect(found.map(\.name) == [name] && outcome.errors == 1)
                #expect(outcome.objects == needed.sizes.count)
            }
            remote.bucket.replace(name, by: content)
        }
    }
}
