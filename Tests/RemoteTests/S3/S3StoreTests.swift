import LinuxSystem
import TestSupport
import Testing

@testable import Remote

/// What every server must show. A prefix of its own for each test.
enum S3Behaviour {
    static func objects(_ store: S3Store) async throws {
        let name = try #require(ObjectName("a/b-c.d"))
        let content = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
        #expect(try await store.size(of: name) == nil)
        let missing = await #expect(throws: RemoteError.self) { try await store.get(name, nil) }
        #expect(missing?.kind == .missing)
        try await store.put(name, content)
        #expect(try await store.size(of: name) == 100_000)
        #expect(try await store.get(name, nil) == content)
        #expect(try await store.get(name, 99_990..<100_000) == Array(content[99_990...]))
        #expect(try await store.get(name, 0..<1) == [content[0]])
        #expect(try await store.get(name, 7..<7) == [])
        let short = await #expect(throws: RemoteError.self) { try await store.get(name, 99_990..<100_001) }
        #expect(short?.kind == .damaged)
        try await store.put(name, [])
        #expect(try await store.get(name, nil) == [])
        #expect(try await store.delete(name) == .deleted)
        #expect(try await store.delete(name) == .deleted)
        #expect(try await store.size(of: name) == nil)
    }

    /// - Parameter texts: names, among them `a/1`, `a/2` and `aB`.
    static func list(
        _ store: S3Store,
        _ texts: [String] = ["b", "a/1", "a/2", "a-b", "a.b", "aB", "c/d/e"]
    ) async throws {
        let names = try texts.map { try #require(ObjectName($0)) }
        let before = Instant.now
        for (index, name) in names.enumerated() {
            try await store.put(name, [UInt8](repeating: 1, count: index))
        }
        let all = try await store.list("", after: nil)
        #expect(all.objects.map(\.name) == names.sorted())
        for object in all.objects {
            #expect(object.sizeBytes == names.firstIndex(of: object.name).map(UInt64.init))
            // In whole seconds, and perhaps by another clock.
            #expect(abs(object.written.nanoseconds - before.nanoseconds) < 60_000_000_000)
        }
        #expect(!all.hasMore)
        #expect(abs(all.time.nanoseconds - before.nanoseconds) < 60_000_000_000)
        #expect(try await store.list("a/", after: nil).objects.map(\.name.text) == ["a/1", "a/2"])
        #expect(
            try await store.list("a", after: ObjectName("a/1")).objects.map(\.name.text) == ["a/2", "aB"]
        )
        #expect(try await store.list("x", after: nil).objects.isEmpty)
    }

    /// - Parameter isReplaced: a part is sent with other bytes before.
    static func upload(_ store: S3Store, isReplaced: Bool) async throws {
        let name = try #require(ObjectName("large"))
        let part = { (number: UInt8, size: Int) in [UInt8](repeating: number, count: size) }
        let upload = try await store.beginUpload(name)
        #expect(try await store.uploads("").map(\.name) == [name])
        #expect(try await store.uploads("").map(\.upload) == [upload])
        let second = try await store.putPart(2, of: upload, name, part(2, 100))
        _ = try await store.putPart(1, of: upload, name, part(isReplaced ? 9 : 1, 5 << 20))
        let first = try await store.putPart(1, of: upload, name, part(1, 5 << 20))
        #expect(try await store.size(of: name) == nil)
        let parts = try await store.parts(of: upload, name)
        #expect(parts == [first, second])
        try await store.completeUpload(upload, name, [first, second])
        #expect(try await store.get(name, nil) == part(1, 5 << 20) + part(2, 100))
        #expect(try await store.uploads("").isEmpty)
        let gone = await #expect(throws: RemoteError.self) { try await store.parts(of: upload, name) }
        #expect(gone?.kind == .missing)

        let other = try await store.beginUpload(name)
        try await store.abandonUpload(other, name)
        try await store.abandonUpload(other, name)
        #expect(try await store.uploads("").isEmpty)
    }

    static func conditions(_ store: S3Store) async throws {
        let name = try #require(ObjectName("once"))
        #expect(try await store.putNew(name, [1]).isStored)
        #expect(try await store.putNew(name, [2]) == .taken)
        #expect(try await store.putNew(name, [1]) == .taken)
        #expect(try await store.get(name, nil) == [1])
        _ = try await store.delete(name)
        #expect(try await store.putNew(name, [3]).isStored)
    }

    /// At most one of several writers wins a name.
    static func race(_ store: S3Store) async throws {
        for round in 0..<5 {
            let name = try #require(ObjectName("race/\(round)"))
            let outcomes = try await withThrowingTaskGroup(of: PutOutcome?.self) { group in
                for writer in UInt8(0)..<8 {
                    group.addTask {
                        do {
                            return try await store.putNew(name, [writer])
                        } catch let error as RemoteError where error.kind == .conflict {
                            return nil
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0?.isStored ?? false } == 1)
        }
    }
}

@Suite(
    "SeaweedFS",
    .enabled(if: S3Server.isAvailable(.weed), "needs weed in $PATH or $HOLDFAST_S3_SERVERS"),
    .served(by: .weed)
)
struct SeaweedTests {
    let server: S3Server

    init() throws { server = try #require(SharedServer.current) }

    @Test("stores objects") func objects() async throws { try await S3Behaviour.objects(server.store("o")) }
    @Test("lists them") func list() async throws {
        try await S3Behaviour.list(server.store("l/m"), ["b", "a/1", "a/2", "aB", "c/d/e"])
    }

    @Test("lists names in its own order, which is found when it matters")
    func order() async throws {
        let store = try server.store("order")
        let names = ["a-b", "a/1", "aB"].map { ObjectName($0)! }
        for name in names { try await store.put(name, [1]) }
        #expect(try await store.list("", after: nil).objects.map(\.name) == names)
        let error = await #expect(throws: RemoteError.self) {
            try await store.list("", after: ObjectName("a/1"))
        }
        #expect(error?.kind == .failed)
    }
    @Test("takes large ones in parts") func upload() async throws {
        try await S3Behaviour.upload(server.store("u"), isReplaced: false)
    }
    @Test("refuses a name that is taken") func conditions() async throws {
        try await S3Behaviour.conditions(server.store("c"))
    }
    @Test("gives a name to one writer") func race() async throws {
        try await S3Behaviour.race(server.store("r"))
    }

    @Test("refuses a wrong secret, and the error does not show it")
    func wrongSecret() async throws {
        let store = try S3Store(server.location("w"), server.credentials(secretKey: "not-the-secret"))
        let error = await #expect(throws: RemoteError.self) { try await store.list("", after: nil) }
        #expect(error?.kind == .forbidden)
        #expect(error?.description.contains("SignatureDoesNotMatch") == true)
        #expect(error?.description.contains("not-the-secret") == false)
        let head = await #expect(throws: RemoteError.self) { try await store.size(of: ObjectName("a")!) }
        #expect(head?.kind == .forbidden)
        let delete = await #expect(throws: RemoteError.self) { try await store.delete(ObjectName("a")!) }
        #expect(delete?.kind == .forbidden)
    }

    @Test("is missing a bucket that was never made")
    func noBucket() async throws {
        let location = try S3Location(endpoint: server.endpoint, region: server.region, bucket: "never-made")
        let store = try S3Store(location, server.credentials())
        let get = await #expect(throws: RemoteError.self) { try await store.get(ObjectName("a")!, nil) }
        #expect(get?.kind == .noSuchRemote)
        let list = await #expect(throws: RemoteError.self) { try await store.list("", after: nil) }
        #expect(list?.kind == .noSuchRemote)
    }

    @Test("is understood though the clock of this machine is wrong")
    func skew() async throws {
        let clock = { @Sendable in Instant(nanoseconds: Instant.now.nanoseconds - 86_400_000_000_000) }
        let store = try S3Store(server.location("s"), server.credentials(), clock: clock)
        let name = try #require(ObjectName("a"))
        try await store.put(name, [1])
        #expect(try await store.get(name, nil) == [1])
    }

    @Test("lists more than a page, and among foreign names")
    func pages() async throws {
        let (store, foreign) = (try server.store("pages"), try server.store("pages/0_x"))
        for index in 0..<1005 { try await foreign.put(ObjectName("\(10_000 + index)")!, [1]) }
        let ours = (0..<3).map { ObjectName("1-\($0)")! }
        for name in ours { try await store.put(name, [1]) }
        #expect(try await store.list("", after: nil).objects.map(\.name) == ours)
        let first = try await foreign.list("", after: nil)
        #expect(first.objects.count == 1000 && first.hasMore)
        let second = try await foreign.list("", after: first.objects.last?.name)
        #expect(second.objects.count == 5 && !second.hasMore)
    }
}

@Suite(
    "Moto",
    .enabled(if: S3Server.isAvailable(.moto), "needs moto_server in $PATH or $HOLDFAST_S3_SERVERS"),
    .served(by: .moto)
)
struct MotoTests {
    let server: S3Server

    init() throws { server = try #require(SharedServer.current) }

    @Test("stores objects") func objects() async throws { try await S3Behaviour.objects(server.store("o")) }
    @Test("lists them") func list() async throws { try await S3Behaviour.list(server.store("l/m")) }
    @Test("takes large ones in parts") func upload() async throws {
        try await S3Behaviour.upload(server.store("u"), isReplaced: true)
    }
    @Test("refuses a name that is taken") func conditions() async throws {
        try await S3Behaviour.conditions(server.store("c"))
    }
}

@Suite(
    "rclone",
    .enabled(if: S3Server.isAvailable(.rclone), "needs rclone 1.65 in $PATH or $HOLDFAST_S3_SERVERS"),
    .served(by: .rclone)
)
struct RcloneTests {
    let server: S3Server

    init() throws { server = try #require(SharedServer.current) }

    @Test("stores objects") func objects() async throws { try await S3Behaviour.objects(server.store("o")) }
    @Test("lists them") func list() async throws { try await S3Behaviour.list(server.store("l/m")) }

    @Test("refuses a wrong secret")
    func wrongSecret() async throws {
        let store = try S3Store(server.location("w"), server.credentials(secretKey: "not-the-secret"))
        let error = await #expect(throws: RemoteError.self) { try await store.put(ObjectName("a")!, [1]) }
        #expect(error?.kind == .forbidden)
    }
}
