import Foundation
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage
import TestSupport
import Testing

@testable import Remote
@testable import RepositoryWriter

@Suite("A copy of a remote that a command reads")
struct RemoteCopyTests {
    private let large: [UInt8]
    private let small: [UInt8]
    private let shipped: ShippedRoot
    private let store: RecordingStore
    private let access: RemoteAccess
    private let place: TemporaryDirectory

    init() async throws {
        var random = SeededRandom(seed: 3)
        large = random.bytes(40_000)
        small = random.bytes(5_000)
        shipped = try ShippedRoot()
        try shipped.recordBase("large", large)
        try shipped.recordBase("small", small)
        store = RecordingStore(FaultStore(MemoryBucket(), seed: 1))
        access = shipped.access(store)
        try await shipped.ship(access)
        place = try TemporaryDirectory(prefix: "holdfast-copied")
    }

    /// What a command does with it: updates it, and opens its repository.
    private func opened(limit: UInt64 = .max, anew: Bool = false) async throws -> RootDescription {
        let copy = RemoteCopy(access, in: FilePath(place.file("cache/one")))
        let uses = try await copy.update(anew: anew) { _ in [] }
        CopyCache(FilePath(place.file("cache")), limitBytes: limit).trim()
        return try repository(of: copy, using: uses, limit: limit)
    }

    private func rebuilt(_ name: String, of root: RootDescription) throws -> [UInt8]? {
        let file = try #require(try RootHistory(root).files().values.first { $0.name.string == name })
        let output = FilePath(place.file("output"))
        try Directory.removeTree(output)
        let sequence = try #require(try root.durableMark()).lastSequence
        _ = try #require(try ImageRebuilder(root).rebuildAll([file.id: output], at: sequence)[file.id]).get()
        return try OpenFile(output, .read).content(upTo: 1 << 20)
    }

    private func bases(of root: RootDescription) throws -> [String: UInt64] {
        let found = try root.bases().map { ($0.lastComponent!.string, try FileStatus.of($0).sizeBytes) }
        return Dictionary(uniqueKeysWithValues: found)
    }

    @Test("a base is fetched when it is read, and no other; nothing seems to be missing")
    func lazily() async throws {
        let root = try await opened()
        #expect(store.takeData().isEmpty)
        var findings: [HistoryEvent] = []
        try RootHistory(root).visitCheckingBases(onStateOfRoot: {}) {
            if case .finding = $0 { findings.append($0) }
        }
        #expect(findings.isEmpty && store.takeData().isEmpty)
        #expect(try rebuilt("small", of: root) == small)
        #expect(try store.takeData().count == 1 && bases(of: root).count == 1)
        #expect(try rebuilt("small", of: try await opened()) == small)
        #expect(store.takeData().isEmpty, "the next command has it")
        _ = try RootCheck(root).run(readingData: true) { Issue.record("\($0)") }
        #expect(try bases(of: root).count == 2, "a check reads all")
    }

    @Test("one that is made anew has nothing of the former one: all that is read comes from the remote")
    func anew() async throws {
        let batch = ObjectNames.batch(shipped.root.id, BatchID(BatchNumber(1))).text
        for (isAnew, isFetched) in [(false, true), (false, false), (true, true), (true, true)] {
            _ = store.takeNames()
            let root = try await opened(anew: isAnew)
            // The index has the state: only the segment needs the batch.
            #expect(store.takeNames().contains(batch) == isFetched)
            #expect(try rebuilt("large", of: root) == large)
            #expect(try rebuilt("small", of: root) == small)
            #expect(store.takeData().count == (isFetched ? 2 : 0))
        }
    }

    @Test("what is gone from the remote is damage that says what to do")
    func gone() async throws {
        let bucket = MemoryBucket()
        let access = shipped.access(FaultStore(bucket, seed: 1))
        // Another remote, with a cursor of its own.
        try Directory.removeTree(shipped.root.directory.appending("remotes"))
        try await shipped.ship(access)
        let reading = access.reading(shipped.root.id)
        let state = try await reading.newestState()
        let batch = try #require(state.batches.first)
        let object = try #require(state.bases.values.first)
        for name in [ObjectNames.batch(shipped.root.id, batch), object.name] {
            let content = try #require(bucket.object(name)).content
            bucket.replace(name, by: nil)
            let target = FilePath(place.file("whole"))
            await expect(.damaged, "\(name) was removed from the remote", "--take-over") {
                try await RootDownload(reading, to: target).write(state)
            }
            try Directory.removeTree(target)
            bucket.replace(name, by: content)
        }
        await expect(.damaged, "was removed", "--take-over") {
            bucket.replace(object.name, by: nil)
            try await ObjectDownload(reading: reading).verify(object)
        }
    }

    @Test("what is new leaves the bases, and segments that are as before are not fetched again")
    func news() async throws {
        let shipped = try ShippedRoot(segmentLimit: 4_000)
        let bucket = MemoryBucket()
        try shipped.recordBase("base", large)
        let writer = shipped.access(FaultStore(bucket, seed: 1))
        var random = SeededRandom(seed: 4)
        for _ in 1...6 {
            try shipped.record("later", random.bytes(3_000))
            try await shipped.ship(writer)
        }
        let store = RecordingStore(FaultStore(bucket, seed: 1))
        let copy = RemoteCopy(shipped.access(store), in: FilePath(place.file("cache/two")))
        let batch = ObjectNames.batch(shipped.root.id, BatchID(BatchNumber(2))).text
        try await copy.update { _ in [] }
        // Once for the state, once for the segment.
        #expect(store.takeNames().count { $0 == batch } == 2)
        let base = try #require(try await writer.reading(shipped.root.id).newestState().bases.first)
        let path = copy.directory.appending("roots/\(shipped.root.id)/bases")
            .appending(BaseName.make(base.key.sequence, base.key.file))
        try await copy.fetch(base.value, of: shipped.root.id, to: path)
        let identity = try FileStatus.of(path).identity
        try shipped.record("later", random.bytes(3_000))
        try await shipped.ship(writer)
        _ = store.takeNames()
        try await copy.update { _ in [] }
        #expect(store.takeNames().count { $0 == batch } == 1)
        #expect(try FileStatus.of(path).identity == identity)
        let root = try #require(try RepositoryDirectory(at: copy.directory).roots().usable.first)
        _ = try RootCheck(root).run(readingData: true) { Issue.record("\($0)") }
    }

    @Test("a base that was cut off, or has another byte, is fetched again, and no other one")
    func damaged() async throws {
        let root = try await opened()
        #expect(try rebuilt("large", of: root) == large)
        let base = try #require(try root.bases().first)
        let content = try #require(try OpenFile(base, .read).content(upTo: 1 << 20))
        for (again, bytes) in [Array(content[..<(content.count / 2)]), [], content + [0]].enumerated() {
            _ = store.takeData()
            try Directory.replaceFile(at: base, with: bytes)
            #expect(try rebuilt("large", of: again == 0 ? root : try await opened()) == large)
            #expect(store.takeData().count == 1)
        }
        for at in stride(from: 0, to: content.count, by: 997) {
            var bytes = content
            bytes[at] ^= 4
            try Directory.replaceFile(at: base, with: bytes)
            _ = store.takeData()
            let root = try await opened()
            #expect(try rebuilt("large", of: root) == large, "byte \(at)")
            #expect(store.takeData().count == 1, "byte \(at)")
            // Once: a disk that damages it again is damage.
            try Directory.replaceFile(at: base, with: bytes)
            #expect(throws: DamageError.self, "byte \(at)") { try rebuilt("large", of: root) }
        }
        #expect(try await RootCheck(opened()).run(readingData: true) { Issue.record("\($0)") }.errors == 0)
    }

    @Test("any damaged file of a copy is replaced, by whatever it is read", arguments: [false, true])
    func damagedFiles(isCompacted: Bool) async throws {
        let shipped = try ShippedRoot(segmentLimit: 4_000)
        let bucket = MemoryBucket()
        let writer = shipped.access(FaultStore(bucket, seed: 1))
        for seed in UInt64(1)...6 {
            try shipped.record("later", bytes(seed))
            try await shipped.ship(writer)
        }
        if isCompacted {
            try RootCompaction(shipped.root).run()
            try await shipped.ship(writer)
        }
        let remote = shipped.access(FaultStore(bucket, seed: 1))
        let copy = RemoteCopy(remote, in: FilePath(place.file("cache/two")))
        try await copy.update { _ in [] }
        let paths = try FileManager.default.subpathsOfDirectory(atPath: copy.directory.string)
            .map { copy.directory.appending(FilePath($0).components) }
            .filter { try FileStatus.of($0).kind == .regular && !$0.string.contains("/described/") }
        #expect(paths.count > 6)
        for path in paths {
            let content = try #require(try OpenFile(path, .read).content(upTo: 1 << 20))
            for at in [0, content.count / 3, content.count - 1] where content.count > 0 {
                var bytes = content
                bytes[at] ^= 1
                try Directory.replaceFile(at: path, with: bytes)
                try await expectWhole(copy, "\(path), byte \(at)")
                // Of these two the time of making them is a part.
                guard !["remote-state", "repository.json"].contains(path.lastComponent) else { continue }
                #expect(try OpenFile(path, .read).content(upTo: 1 << 20) == content, "\(path), byte \(at)")
            }
        }
    }

    /// A command that reads everything finds no damage.
    private func expectWhole(_ copy: RemoteCopy, _ comment: String) async throws {
        try await copy.update { _ in [] }
        let summary = try RootCheck(repository(of: copy)).run(readingData: true) {
            Issue.record("\($0): \(comment)")
        }
        #expect(summary.errors == 0 && summary.warnings == 0 && summary.snapshots == 6, "\(comment)")
    }

    @Test("damage that was shipped stays damage, and is looked for once")
    func shippedDamage() async throws {
        let shipped = try ShippedRoot()
        for seed in UInt64(1)...3 { try shipped.record("a", bytes(seed)) }
        let segment = shipped.root.segmentPath(try #require(try shipped.root.segments().first))
        var content = try #require(try OpenFile(segment, .read).content(upTo: 1 << 20))
        content[content.count / 2] ^= 1
        try Directory.replaceFile(at: segment, with: content)
        let bucket = MemoryBucket()
        try await shipped.ship(shipped.access(FaultStore(bucket, seed: 1)))
        let store = RecordingStore(FaultStore(bucket, seed: 1))
        let copy = RemoteCopy(shipped.access(store), in: FilePath(place.file("cache/two")))
        try await copy.update { _ in [] }
        let root = try repository(of: copy)
        _ = store.takeNames()
        var findings = 0
        for _ in 1...2 { _ = try RootCheck(root).run(readingData: true) { _ in findings += 1 } }
        #expect(findings > 1)
        let batch = ObjectNames.batch(shipped.root.id, BatchID(BatchNumber(1))).text
        #expect(store.takeNames() == [batch])
    }

    private func repository(
        of copy: RemoteCopy,
        using uses: [RootUse] = [],
        limit: UInt64 = .max
    ) throws -> RootDescription {
        let cache = CopyCache(FilePath(place.file("cache")), limitBytes: limit)
        let bases = CopiedBases(copy, in: cache, using: uses) { work in
            try EventLoop.run("test") { _ in try await work() }
        }
        let repository = try RepositoryDirectory(at: copy.directory, baseFiles: BaseFiles(from: bases))
        return try #require(try repository.roots().usable.first)
    }

    @Test("what a killed process leaves is removed by the next one that changes the copy, whatever it needs")
    func killed() async throws {
        let other = "roots/00000000000000aa"
        let left = [
            "fetched", "fetched.new", "repository.json.0123456789abcdef.new", other + ".new", other + ".old",
        ]
        func expectRemoved(_ body: () async throws -> Void) async throws {
            for name in left {
                let path = "cache/one/" + name
                guard name.hasPrefix("roots") else {
                    try place.write(large, to: path)
                    continue
                }
                try Directory.make(FilePath(place.file(path + "/segments")))
                try place.write(large, to: path + "/segments/1.segment")
            }
            try await body()
            for name in left { #expect(!place.exists("cache/one/" + name), "\(name)") }
        }
        let root = try await opened()
        try await expectRemoved { _ = try rebuilt("small", of: root) }
        #expect(try bases(of: root).count == 1)
        try await expectRemoved { _ = try await opened() }
        #expect(try rebuilt("small", of: root) == small)
    }

    @Test("a base that is damaged in the remote is not used")
    func damagedRemotely() async throws {
        let bucket = MemoryBucket()
        let shipped = try ShippedRoot()
        try shipped.recordBase("a", large)
        let remote = shipped.access(FaultStore(bucket, seed: 1))
        try await shipped.ship(remote)
        let state = try await remote.reading(shipped.root.id).newestState()
        let object = try #require(state.bases.values.max { $0.sizeBytes < $1.sizeBytes })
        let copy = RemoteCopy(remote, in: FilePath(place.path))
        var content = try #require(bucket.objects[object.name]).content
        content[content.count / 2] ^= 1
        bucket.replace(object.name, by: content)
        await #expect(throws: RemoteError.self) {
            try await copy.fetch(object, of: shipped.root.id, to: FilePath(place.file("base")))
        }
        #expect(!place.exists("base") && !place.exists("fetched") && !place.exists("fetched.new"))
    }

    @Test("four objects are fetched at once, and no more", .timeLimit(.minutes(1)))
    func atOnce() async throws {
        for seed in 1...9 { try shipped.recordBase("\(seed)", [UInt8(seed)]) }
        try await shipped.ship(access)
        let gated = RecordingStore(access.store, gate: 4)
        try await shipped.expectRestorable(shipped.access(gated))
        #expect(gated.mostUnderWay == 4 && gated.takeData().count == 11)
    }

    @Test("what was used least recently is removed until all copies are small enough")
    func trimmed() async throws {
        let root = try await opened()
        #expect(try rebuilt("small", of: root) == small && rebuilt("large", of: root) == large)
        let own = try root.bases().sorted {
            try FileStatus.of($0).sizeBytes < FileStatus.of($1).sizeBytes
        }
        // The copy of another remote, which nobody has used for long.
        let other = "cache/two/roots/00000000000000aa"
        let draft = other + ".new"
        for part in [other + "/segments", other + "/bases", draft + "/segments"] {
            try Directory.make(FilePath(place.file(part)))
        }
        let segment = FilePath(try place.write(large, to: other + "/segments/1.segment"))
        let old = FilePath(try place.write(large, to: other + "/bases/1-1.base"))
        // Somebody else fetches it just now.
        try place.write(large, to: draft + "/segments/1.segment")
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1)],
            ofItemAtPath: old.string
        )
        func remaining() -> [Bool] { (own + [old, segment]).map { FileStatus.ifPresent($0) != nil } }
        func trim(_ limit: UInt64) { CopyCache(FilePath(place.file("cache")), limitBytes: limit).trim() }
        let files = try root.segments().map(root.segmentPath) + own + [old, segment]
        let sizes = try files.map { try FileStatus.of($0).allocatedBytes }
        var all = sizes.reduce(0, +)
        trim(all)
        #expect(remaining() == [true, true, true, true])
        trim(all - 1)
        #expect(remaining() == [true, true, false, true])
        all -= sizes[sizes.count - 2]
        trim(all - 1)
        #expect(remaining() == [true, true, false, false] && !place.exists(other))
        // Now the large one is the one that was used before the other.
        #expect(try rebuilt("small", of: try await opened()) == small)
        all -= sizes[sizes.count - 1]
        trim(all - 1)
        #expect(remaining() == [true, false, false, false])
        trim(0)
        #expect(remaining() == [false, false, false, false])
        #expect(FileStatus.ifPresent(root.directory) != nil && place.exists(draft), "they are used")
        // What this process fetched stays.
        let again = try await opened(limit: 0)
        #expect(try rebuilt("small", of: again) == small && rebuilt("large", of: again) == large)
        #expect(remaining() == [true, true, false, false])
    }

    @Test("a root that nobody uses any more is removed, and fetched again when it is read")
    func unused() async throws {
        let copy = RemoteCopy(access, in: FilePath(place.file("cache/one")))
        let cache = CopyCache(FilePath(place.file("cache")), limitBytes: 0)
        let directory = copy.directory.appending("roots/\(shipped.root.id)")
        var uses = [try await copy.update { _ in [] }, try await copy.update { _ in [] }]
        for _ in 1...2 {
            cache.trim()
            #expect(FileStatus.ifPresent(directory) != nil)
            uses.removeLast()
        }
        cache.trim()
        #expect(FileStatus.ifPresent(directory) == nil)
        #expect(try rebuilt("large", of: try await opened()) == large)
    }
}
