import LinuxSystem
import RepositoryFormat
import TestSupport
import Testing

@testable import Remote

@Suite("Names of batches, indexes and data")
struct ObjectNamesTests {
    private let root = RootID(0x0123_4567_89AB_CDEF)

    private func name(_ text: String) throws -> ObjectName { try #require(ObjectName(text)) }

    @Test("an index counts down, so that the newest is listed first")
    func order() throws {
        let ids = [1, 2, 255, 256, 999_999_999_999].map { BatchID(BatchNumber($0), session: 5) }
        let names = ids.map { ObjectNames.index(root, after: $0) }
        #expect(names == names.sorted().reversed())
        #expect(names.map { ObjectNames.indexed($0, in: root) } == ids)
        let batches = ids.map { ObjectNames.batch(root, $0) }
        #expect(batches == batches.sorted())
        #expect(batches.map { ObjectNames.batch($0, in: root) } == ids)
        let first = BatchID(BatchNumber(1))
        #expect(ObjectNames.index(root, after: first).text == "roots/0123456789abcdef/index/999999999998")
        #expect(ObjectNames.batch(root, first).text == "roots/0123456789abcdef/stream/000000000001")
    }

    @Test(
        "other spellings of a number are none",
        arguments: [
            "0", "1", "00000000001", "0000000000001", "00000000000a", "-00000000001", "000000000001.",
            "000000000001.5", "000000000001.0000000000000000", "000000000001.00000000000000AB",
            "000000000001.-00000000000000b", "000000000001.000000000000000ab",
            "000000000001.00000000000000ab.1", "000000000001.00000000000000ag", "000000000001/1",
        ]
    )
    func refused(text: String) throws {
        #expect(ObjectNames.batch(try name("roots/0123456789abcdef/stream/\(text)"), in: root) == nil)
        #expect(ObjectNames.indexed(try name("roots/0123456789abcdef/index/\(text)"), in: root) == nil)
    }

    @Test("there is no batch 0, in either direction")
    func zero() throws {
        #expect(ObjectNames.batch(try name("roots/0123456789abcdef/stream/000000000000"), in: root) == nil)
        #expect(ObjectNames.indexed(try name("roots/0123456789abcdef/index/999999999999"), in: root) == nil)
        let last = try name("roots/0123456789abcdef/index/000000000000")
        #expect(ObjectNames.indexed(last, in: root) == BatchID(.last))
    }

    @Test("whatever a store lists is no name, or exactly the name of what it is read as")
    func fuzz() throws {
        let valid = [
            "roots/0123456789abcdef/stream/000000000001",
            "roots/0123456789abcdef/index/999999999998.00000000000000ab",
            "roots/0123456789abcdef/data/000000000007.1122334455667788.1",
            "keys/000102030405060708090a0b0c0d0e0f.2", "remote.json",
        ]
        var run = FuzzRun("names", rounds: 10_000)
        var accepted = 0
        while var random = run.next() {
            var bytes = Array(valid.randomElement(using: &random)!.utf8)
            bytes.mutate(with: &random)
            let text = String(decoding: bytes, as: UTF8.self)
            guard let name = ObjectName(text) else { continue }
            #expect(name.text == text && text.utf8.allSatisfy { $0 < 0x80 }, "\(random)")
            _ = ObjectNames.root(name)
            _ = ObjectNames.dataNumber(name, in: root)
            let keyName = KeyObjectName(name)?.name ?? name
            let batch = ObjectNames.batch(name, in: root)
            let indexed = ObjectNames.indexed(name, in: root)
            #expect(keyName == name, "\(random)")
            #expect(batch.map { ObjectNames.batch(root, $0) } ?? name == name, "\(random)")
            #expect(indexed.map { ObjectNames.index(root, after: $0) } ?? name == name, "\(random)")
            if batch != nil || indexed != nil { accepted += 1 }
        }
        #expect(accepted > 20)
    }

    @Test("a stream with the last number of all has an end")
    func lastNumber() async throws {
        let store = FaultStore(MemoryBucket(), seed: 1)
        let last = BatchID(.last)
        try await store.put(ObjectNames.batch(root, last), [1])
        let head = StreamHead(store: store, root: root, hasConditions: true)
        #expect(try await head.highest()?.number == .last)
        try await store.put(ObjectNames.index(root, after: last), [1])
        #expect(try await head.highest()?.batch?.id == last)
        await #expect(throws: RemoteError.self) {
            try await StreamReading(store: store, codec: .plain, root: root, head: head).newestState()
        }
    }
}
