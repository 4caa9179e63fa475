import LinuxSystem
import RepositoryFormat
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Remote

@Suite("The keys of a remote")
struct RemoteKeysTests {
    private let bucket = MemoryBucket()
    private let secret = SecretKey()
    private var store: FaultStore { FaultStore(bucket, seed: 1) }

    /// A batch as a writer with these settings writes it.
    private func ship(_ settings: RemoteSettings) async throws {
        let access = try await RemoteOpening(store, settings).write()
        try await access.writeKey()
        let name = ObjectNames.batch(Sample.root, BatchID(BatchNumber(1)))
        let batch = StreamObject(
            kind: .batch,
            root: Sample.root,
            number: BatchNumber(1),
            previous: .none,
            session: 1,
            time: .now,
            lastSequence: .none,
            writer: access.writer,
            manifest: []
        )
        try await store.put(name, access.codec.encoded(batch.encoded(), .batch, Sample.root, name))
    }

    private func read(_ access: RemoteAccess) async throws(RemoteError) {
        let state = try await access.reading(Sample.root).newestState()
        #expect(state.batch.number == BatchNumber(1))
    }

    @Test("with a recipient, what is shipped opens with its secret key, and with no other")
    func recipient() async throws {
        try await withTemporaryDirectory { directory in
            try await ship(.bucket(secret.recipient))
            let own = try privateFile(secret.revealedText, "own", in: directory)
            let opening = try RemoteOpening(store)
            try await read(opening.openForReading(keyFile: own))
            let other = try privateFile(SecretKey().revealedText, "other", in: directory)
            let access = try await opening.openForReading(keyFile: other)
            await expect(.wrongKey, "sealed for recipient \(secret.recipient.id)") { try await read(access) }
        }
    }

    @Test("without a key the names can be read, but no content")
    func names() async throws {
        try await ship(.bucket(secret.recipient))
        let access = try await RemoteOpening(store).openForReading()
        #expect(try await access.roots() == [Sample.root])
        await expect(.wrongKey, "sealed for recipient", "no secret key was given") { try await read(access) }
    }

    private var keys: [ObjectName] { bucket.objects.keys.filter { $0.text.hasPrefix(KeyObjectName.prefix) } }

    @Test("each start of a writer that ships has a key of its own, which is there before anything else")
    func starts() async throws {
        let shipped = try ShippedRoot()
        for count in 1...3 {
            let recording = RecordingPuts(store: store)
            let access = try await RemoteOpening(recording, .bucket(secret.recipient)).write()
            let shipper = try await RootShipper.open(access, shipped.root)
            if count > 1 { try await shipper.ship() }
            #expect(keys.count == count - 1, "nothing was shipped")
            try shipped.record("a", bytes(UInt64(count)))
            _ = recording.take()
            try await shipper.ship()
            #expect(recording.take().first?.hasPrefix(KeyObjectName.prefix) == true && keys.count == count)
            try shipped.record("a", bytes(UInt64(count + 10)))
            try await shipper.ship()
            #expect(recording.take().allSatisfy { $0.contains("/stream/") } && keys.count == count)
        }
    }

    @Test("a key that was removed meanwhile is there again before more is sealed with it")
    func removed() async throws {
        let access = try await RemoteOpening(store, .bucket(secret.recipient)).write()
        try await access.writeKey()
        let before = bucket.objects
        let key = try #require(keys.first)
        bucket.replace(key, by: nil)
        try await access.writeKey()
        #expect(bucket.object(key)?.content == before[key]?.content && keys.count == 1)
    }

    @Test("an encrypted remote gets nothing plain")
    func encrypted() async throws {
        try await ship(.bucket(secret.recipient))
        let before = bucket.objects
        await expect(.wrongKey, "s3://bucket/prefix", "is encrypted", "configure") {
            _ = try await RemoteOpening(store).write()
        }
        #expect(bucket.objects == before)
    }

    @Test("a plain remote gets nothing encrypted, and another one is named")
    func plain() async throws {
        try await ship(.bucket())
        let before = bucket.objects
        await expect(.wrongKey, "without encryption", "s3://bucket/prefix-2") {
            _ = try await RemoteOpening(store, .bucket(secret.recipient)).write()
        }
        #expect(bucket.objects == before)
        try await read(RemoteOpening(store).openForReading())
    }

    @Test("a reader with a key refuses a plain remote, also one that was made plain by somebody else")
    func downgrade() async throws {
        try await withTemporaryDirectory { directory in
            try await ship(.bucket())
            let own = try privateFile(secret.revealedText, "own", in: directory)
            await expect(.wrongKey, "is not encrypted") {
                _ = try await RemoteOpening(store).openForReading(keyFile: own)
            }
        }
    }

    @Test("a passphrase in a file encrypts, with recipients or without, and opens")
    func passphrase() async throws {
        try await withTemporaryDirectory { directory in
            let own = try privateFile(secret.revealedText, "own", in: directory)
            let file = try privateFile("correct horse\n", "passphrase", in: directory)
            let other = try privateFile("wrong horse\n", "other", in: directory)
            for recipients in [[], [secret.recipient]] {
                for name in bucket.objects.keys { bucket.replace(name, by: nil) }
                var settings = RemoteSettings.bucket()
                settings.recipients = recipients.map(\.description)
                settings.keyFile = file
                try await ship(settings)
                try await read(RemoteOpening(store, settings).openForReading())
                let wrong = try await RemoteOpening(store).openForReading(keyFile: other)
                await expect(.wrongKey, "the passphrase is another one") { try await read(wrong) }
                guard !recipients.isEmpty else { continue }
                try await read(RemoteOpening(store).openForReading(keyFile: own))
            }
        }
    }

    @Test("a key file without recipients encrypts for its keys, never silently plain")
    func keyFile() async throws {
        try await withTemporaryDirectory { directory in
            var settings = RemoteSettings.bucket()
            settings.keyFile = try privateFile("# a key\n\(secret.revealedText)\n", "own", in: directory)
            try await ship(settings)
            try await read(RemoteOpening(store, settings).openForReading())
            await expect(.wrongKey) { try await read(RemoteOpening(store).openForReading()) }

            let path = FilePath(directory.file("protected"))
            try KeyFile.create(path, secret, passphrase: Passphrase("correct horse"), cost: .least)
            settings.keyFile = path
            await expect(.wrongKey, "configure its recipient") { try await ship(settings) }
            let access = try await RemoteOpening(store, settings).openForReading { () throws(RemoteError) in
                try Passphrase("correct horse")
            }
            try await read(access)
            settings.keyFile = FilePath(directory.file("missing"))
            await expect(.wrongKey, "missing") { try await ship(settings) }
            settings.keyFile = try privateFile(
                "# created: now\nHOLDFAST-SECRT-1AAAA\n",
                "typo",
                in: directory
            )
            await expect(.wrongKey, "line 2") { try await ship(settings) }
        }
    }

    @Test("a recipient with a typing error is refused by its number")
    func recipientText() async throws {
        var settings = RemoteSettings.bucket(secret.recipient)
        settings.recipients.append("holdfast1abc")
        await expect(.wrongKey, "recipient 2", "typing error") { try await ship(settings) }
        settings.recipients = [secret.revealedText]
        await expect(.wrongKey, "recipient 1") { try await ship(settings) }
        #expect(bucket.objects.isEmpty)
    }
}

/// Remembers the names of objects that were written, in order.
private final class RecordingPuts: ForwardingStore {
    let store: any RemoteStore
    private let names = Mutex<[String]>([])

    init(store: any RemoteStore) { self.store = store }

    func take() -> [String] {
        names.withLock { names in
            defer { names.removeAll() }
            return names
        }
    }

    func putNew(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) -> PutOutcome {
        names.withLock { $0.append(name.text) }
        return try await store.putNew(name, content)
    }

    func put(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) {
        names.withLock { $0.append(name.text) }
        try await store.put(name, content)
    }
}
