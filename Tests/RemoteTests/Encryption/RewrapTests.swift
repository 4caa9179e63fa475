import TestSupport
import Testing

@testable import Remote

@Suite("Rewrapping keys")
struct RewrapTests {
    private let old = SecretKey()
    private let new = SecretKey()
    private let store = StoredObjects()

    private func write(_ key: DataKey, for recipient: Recipient) async throws {
        let object = try KeyObject(
            sealing: key,
            for: SealTargets([recipient]),
            repository: Sample.repository
        )
        #expect(try await store.putNew(KeyObjectName(key.id).name, object.bytes).isStored)
    }

    private func rewrap(
        _ secrets: [SecretKey],
        for recipients: [Recipient]
    ) async throws -> KeyObjects.Rewrapped {
        try await KeyObjects(listing: store).rewrap(
            in: store,
            of: Sample.repository,
            with: OpeningKeys(secrets),
            for: SealTargets(recipients)
        )
    }

    private func open(_ key: DataKey, with secret: SecretKey) async throws -> DataKey {
        try await KeyObjects(listing: store).open(
            key.id,
            in: store,
            of: Sample.repository,
            with: OpeningKeys([secret])
        )
    }

    @Test("lets a new key open what was sealed before, and overwrites nothing")
    func added() async throws {
        let keys = [DataKey(), DataKey(), DataKey()]
        for key in keys { try await write(key, for: old.recipient) }
        let before = await store.objects
        await #expect(throws: RemoteError.self) { try await open(keys[0], with: new) }
        let result = try await rewrap([old], for: [new.recipient])
        #expect(Set(result.written) == Set(keys.map { KeyObjectName($0.id, version: 2).name }))
        #expect(result.failed.isEmpty && result.unchangedCount == 0)
        let after = await store.objects
        #expect(before.allSatisfy { after[$0.key] == $0.value })
        for key in keys {
            #expect(try await open(key, with: new).bytes == key.bytes)
            #expect(try await open(key, with: old).bytes == key.bytes)
        }
    }

    @Test("is not needed for a key that the list does not show yet; one that is missing is named")
    func notListed() async throws {
        let key = DataKey()
        try await write(key, for: old.recipient)
        let keys = OpeningKeys([old])
        let none = KeyObjects([])
        let opened = try await none.open(key.id, in: store, of: Sample.repository, with: keys)
        #expect(opened.bytes == key.bytes)
        let id = KeyID.random()
        let error = await #expect(throws: RemoteError.self) {
            try await none.open(id, in: store, of: Sample.repository, with: keys)
        }
        #expect(error == .gone("keys/\(id)"))
    }

    @Test("does nothing a second time, and adds a third version for others")
    func repeated() async throws {
        let key = DataKey()
        try await write(key, for: old.recipient)
        _ = try await rewrap([old], for: [new.recipient])
        let again = try await rewrap([old], for: [new.recipient])
        #expect(again.written.isEmpty && again.unchangedCount == 1)
        let third = try await rewrap([new], for: [new.recipient, SecretKey().recipient])
        #expect(third.written == [KeyObjectName(key.id, version: 3).name])
    }

    @Test("reports keys that do not open, and goes on with the others")
    func unopened() async throws {
        let (known, foreign) = (DataKey(), DataKey())
        try await write(known, for: old.recipient)
        try await write(foreign, for: SecretKey().recipient)
        let result = try await rewrap([old], for: [new.recipient])
        #expect(result.written == [KeyObjectName(known.id, version: 2).name])
        #expect(result.failed.map(\.key) == [foreign.id])
        #expect(result.failed.map(\.error.kind) == [.wrongKey])
    }

    @Test("repairs a newest object that is damaged or too long, from an older one")
    func damaged() async throws {
        for damage in [[UInt8](), [UInt8](repeating: 0, count: KeyObject.maximumByteCount + 1)] {
            let key = DataKey()
            try await write(key, for: old.recipient)
            _ = try await store.putNew(KeyObjectName(key.id, version: 2).name, damage)
            #expect(try await open(key, with: old).bytes == key.bytes)
            _ = try await rewrap([old], for: [new.recipient])
            #expect(try await open(key, with: new).bytes == key.bytes)
        }
        #expect(await store.largestGet <= KeyObject.maximumByteCount)
    }

    @Test("takes the next version that is free, if the list did not show all")
    func staleList() async throws {
        let key = DataKey()
        try await write(key, for: old.recipient)
        let listed = try await KeyObjects(listing: store)
        _ = try await rewrap([old], for: [new.recipient])
        let result = try await listed.rewrap(
            in: store,
            of: Sample.repository,
            with: OpeningKeys([old]),
            for: SealTargets([SecretKey().recipient])
        )
        #expect(result.written == [KeyObjectName(key.id, version: 3).name])
    }

    @Test("does not take the recipients of a forged object for those who can open it")
    func forged() async throws {
        let key = DataKey()
        try await write(key, for: old.recipient)
        // Names the new recipient in the slot of the old one.
        var forged = try #require(await store.objects[KeyObjectName(key.id).name])
        forged.replaceSubrange(48..<56, with: new.recipient.id.bytes)
        _ = try await store.putNew(KeyObjectName(key.id, version: 2).name, forged)
        let result = try await rewrap([old], for: [new.recipient])
        #expect(result.written == [KeyObjectName(key.id, version: 3).name])
    }

    @Test("replaces a passphrase by another one")
    func passphrase() async throws {
        let key = DataKey()
        try await write(key, for: old.recipient)
        for text in ["first words", "other words"] {
            let targets = try SealTargets([], passphrase: Passphrase(text), cost: .least)
            for expected in [1, 0] {
                let result = try await KeyObjects(listing: store).rewrap(
                    in: store,
                    of: Sample.repository,
                    with: OpeningKeys([old]),
                    for: targets
                )
                #expect(result.written.count == expected, "\(text)")
            }
        }
    }
}
