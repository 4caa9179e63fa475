import LinuxSystem
import RepositoryFormat
import RepositoryReader
import TestSupport
import Testing

@testable import Remote

/// What must hold after each step.
/// 1. What the newest state calls restorable is.
/// 2. No batch that was acknowledged is lost or replaced, and no two with the same number are.
/// 3. What a reader needs is there for as long as the grace.
/// 4. A check finds no error.
extension RemoteUniverse {
    func expectInvariants() async throws {
        let objects = bucket.objects.mapValues(\.number)
        guard objects != checked else { return }
        checked = objects
        let state = try await restored(FaultStore(bucket, seed: 1, isObserver: true))
        let newest = acknowledged.keys.max() ?? .none
        #expect(state.batch.number >= newest, "batch \(newest) is lost: \(comment)")
        try await expectAcknowledged(state)
        held.append((bucket.clock, state))
        expectHeldStates()
        var findings: [RemoteFinding] = []
        let store = FaultStore(bucket, seed: 1, pageCount: 5, isObserver: true)
        let outcome = try await RemoteCheck(access(store, 1).reading(root)).run { findings.append($0) }
        #expect(outcome.errors == 0, "\(findings), \(comment)")
        #expect(outcome.needed.objects == needed(state).count, "\(comment)")
    }

    /// Downloads the newest state, and compares it with the history of the machine that wrote it.
    func restored(_ store: any RemoteStore) async throws -> RemoteState {
        let access = access(store, 1)
        let plain = self.access(FaultStore(bucket, seed: 1, isObserver: true), 1)
        guard let newest = try await plain.head(root).highest()?.batch else { return RemoteState() }
        let name = ObjectNames.batch(root, newest.id)
        let batch = try StreamObject(newest.bytes, .batch, name)
        guard let machine = machines.first(where: { $0.name == batch.writer }) else {
            // The machine is no more.
            return try await access.reading(root).newestState()
        }
        return try await machine.history.expectRestorable(access, comment)
    }

    /// The batches that a state after the newest index consists of, and those that it names, are those that
    /// were acknowledged.
    private func expectAcknowledged(_ state: RemoteState) async throws {
        let head = access(FaultStore(bucket, seed: 1, isObserver: true), 1).head(root)
        let indexed = try await head.newestIndex()?.number ?? .none
        for (number, digest) in acknowledged where number > indexed {
            let stored = try await head.batch(number)
            #expect(stored?.digest == digest, "batch \(number) was replaced: \(comment)")
        }
        for id in state.batches {
            guard let digest = acknowledged[id.number] else { continue }
            let content = bucket.object(ObjectNames.batch(root, id))?.content ?? []
            #expect(ObjectDigest(of: content) == digest, "batch \(id.number) was replaced: \(comment)")
        }
    }

    /// Notes the batches that the shipper was told to be stored, the newest first.
    func acknowledge(_ shipper: RootShipper, after start: BatchNumber) {
        var (number, digest) = (shipper.state.batch.number, shipper.state.head)
        while number > start {
            let known = acknowledged[number]
            #expect(known == nil || known == digest, "two writers have batch \(number): \(comment)")
            guard known == nil else { return }
            acknowledged[number] = digest
            let prefix = ObjectNames.stream(root) + number.text
            let found = bucket.objects.first {
                $0.key.text.hasPrefix(prefix) && ObjectDigest(of: $0.value.content) == digest
            }
            // Those before it were acknowledged at a former start, and may be gone.
            guard let found, let batch = try? StreamObject(found.value.content, .batch, found.key) else {
                return
            }
            (number, digest) = (BatchNumber(number.value - 1), batch.previous)
        }
    }

    private func needed(_ state: RemoteState) -> Set<ObjectName> {
        state.dataObjects.union(state.batches.map { ObjectNames.batch(root, $0) })
    }

    /// Readers of a state that is not older than the grace can go on.
    func expectHeldStates() {
        let now = bucket.clock.nanoseconds
        held.removeAll { now - $0.time.nanoseconds >= Self.grace.nanoseconds }
        for (_, state) in held {
            for name in needed(state) {
                #expect(bucket.object(name) != nil, "a reader misses \(name): \(comment)")
            }
            let objects = state.segments.values.compactMap(\.object) + state.bases.values
            for object in objects {
                let content = bucket.object(object.name)?.content ?? []
                #expect(ObjectDigest(of: content) == object.digest, "\(object.name) changed: \(comment)")
            }
        }
    }
}
