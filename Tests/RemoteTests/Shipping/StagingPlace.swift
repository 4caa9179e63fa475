import Foundation
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage
import TestSupport
import Testing

@testable import Remote

/// A root with bases, and a remote that takes small parts.
struct StagingPlace {
    static let baseBytes = 1_500_000

    let shipped: ShippedRoot
    let bucket = MemoryBucket(.init(leastPartBytes: 1))
    /// Nil if nothing is sealed.
    private let secret: SecretKey?
    private let repository: RepositoryID

    init(
        isSealed: Bool,
        bases: Int = 1,
        baseBytes: Int = Self.baseBytes,
        segmentLimit: UInt64 = 4 << 20
    ) throws {
        shipped = try ShippedRoot(segmentLimit: segmentLimit)
        for base in 0..<bases { try shipped.recordBase("base-\(base)", bytes(UInt64(base), baseBytes)) }
        secret = isSealed ? SecretKey() : nil
        repository = try #require(RepositoryID("00112233445566778899aabbccddeeff"))
    }

    /// A sealed part has whole chunks.
    var partBytes: Int { secret == nil ? 200_000 : 262_144 }

    /// A start of the writer, which has a data key of its own.
    private func ship(_ store: any RemoteStore, readers: String?) async throws {
        var codec = ObjectCodec.plain
        if let secret {
            let key = DataKey()
            let object = try KeyObject(
                sealing: key,
                for: SealTargets([secret.recipient]),
                repository: repository
            )
            bucket.put(KeyObjectName(key.id).name, object.bytes)
            codec = ObjectCodec(sealing: key, opening: nil)
        }
        var access = shipped.access(store, codec: codec)
        access.readers = readers
        var limits = RootShipper.Limits()
        limits.partBytes = 200_000
        try await shipped.ship(access, limits)
    }

    /// `refusing`: what each question for parts is answered with.
    func ship(readers: String? = "one", refusing kind: RemoteError.Kind? = nil) async throws {
        let store = FaultStore(bucket, seed: 1)
        guard let kind else { return try await ship(store, readers: readers) }
        try await ship(PartsRefused(store: store, kind: kind), readers: readers)
    }

    /// Returns whether it was killed: it may have ended before.
    func shipKilled(at request: Int, readers: String? = "one") async throws -> Bool {
        let store = FaultStore(bucket, seed: UInt64(request), killAt: request)
        do {
            try await ship(store, readers: readers)
        } catch let error as RemoteError where error == FaultStore.killed {
            return true
        }
        return false
    }

    func expectRestorable(_ comment: String = "") async throws {
        _ = try await shipped.expectRestorable(reader(), comment)
    }

    private func reader() -> RemoteAccess {
        let store = FaultStore(bucket, seed: 1)
        let ring = secret.map { KeyRing(store, of: repository, OpeningKeys([$0])) }
        return shipped.access(store, codec: ring.map { ObjectCodec(sealing: nil, opening: $0) } ?? .plain)
    }

    /// The names of all data objects.
    var data: [ObjectName] {
        let prefix = ObjectNames.data(shipped.root.id)
        return bucket.objects.keys.filter { $0.text.hasPrefix(prefix) }.sorted()
    }

    /// Of the upload that was begun.
    var notePath: FilePath {
        ShippingCursor.path(shipped.root.directory, "memory").appending(suffix: ".upload")
    }

    var note: String {
        get throws {
            let content = try StoredFile.open(notePath).content(upTo: 1 << 20)
            return String(decoding: content ?? [], as: UTF8.self)
        }
    }

    /// The note with another last byte of the key.
    var noteWithOtherKey: String {
        get throws {
            var characters = Array(try note)
            let start = try #require(try note.range(of: "\"key\":\""))
            let begin = try note.distance(from: note.startIndex, to: start.upperBound)
            let end = try #require(characters[begin...].firstIndex(of: "\""))
            let place = try #require(characters[..<end].lastIndex { $0 != "=" }) - 2
            characters[place] = characters[place] == "A" ? "B" : "A"
            return String(characters)
        }
    }

    private var base: FilePath {
        get throws { try #require(shipped.root.bases().first) }
    }

    /// Writes other bytes into the base, which leaves its stamp as it was.
    func changeBase(at offset: UInt64) throws {
        let base = try base.string
        let clock = shipped.directory.file("clock")
        _ = try Command.run("touch", ["-r", base, clock])
        let file = try OpenFile(FilePath(base), .update)
        try file.write(unsafe [UInt8](repeating: 7, count: 100).span.bytes, at: offset)
        _ = try Command.run("touch", ["-r", clock, base])
    }

    /// The object has exactly the content of the file.
    func expectObjectIsBase() async throws {
        let state = try await reader().reading(shipped.root.id).newestState()
        let object = try #require(state.bases.values.first)
        let path = FilePath(shipped.directory.file("fetched"))
        try await ObjectDownload(reading: reader().reading(shipped.root.id)).run(object, to: path)
        let fetched = try OpenFile(path, .read).content(upTo: 1 << 30)
        let content = try OpenFile(base, .read).content(upTo: 1 << 30)
        #expect(fetched == content)
        try Directory.remove(path)
    }
}

/// A store that does not tell the parts of an upload.
private struct PartsRefused: ForwardingStore {
    let store: any RemoteStore
    let kind: RemoteError.Kind

    func parts(of upload: UploadID, _ name: ObjectName) async throws(RemoteError) -> [UploadedPart] {
        throw RemoteError(kind, "no parts of \(name)")
    }
}
