import FoundationEssentials
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage
import TestSupport
import Testing

@testable import Remote

@Suite("docs/OFFSITE.md")
struct RemotePageTests {
    /// The files of a directory by their names in it.
    private func files(in directory: String) throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: directory) {
            let path = directory + "/" + name
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            guard attributes[.type] as? FileAttributeType == .typeRegular else { continue }
            files[name] = [UInt8](try Data(contentsOf: URL(filePath: path)))
        }
        return files
    }

    private func downloaded(_ access: RemoteAccess, _ root: RootID) async throws -> ReferenceRemoteReader.Root
    {
        let place = try TemporaryDirectory(prefix: "holdfast-fetched")
        let state = try await RootDownload(access.reading(root), to: FilePath(place.file("root"))).run()
        return .init(files: try files(in: place.file("root")), lastSequence: state.lastSequence.rawValue)
    }

    @Test(
        "a reader written from the page alone reads what was shipped, at every batch",
        arguments: [true, false],
        [true, false]
    )
    func reference(hasConditions: Bool, isSealed: Bool) async throws {
        for _ in 0..<2 {
            let seed = UInt64.random(in: 0 ... .max)
            let history = try ShippedHistory(seed: seed, hasConditions: hasConditions, isSealed: isSealed)
            try await history.run(steps: 50)
            let reader = try ReferenceRemoteReader(history.objects(), secret: history.secret?.bytes ?? [])
            let root = history.shipped.root.id
            for (number, expected) in history.expected {
                let found = try reader.root("\(root)", upTo: number)
                #expect(found == expected, "\(history.random): batch \(number)")
            }
            let newest = try reader.root("\(root)")
            #expect(newest == history.expected.max { $0.key < $1.key }?.value, "\(history.random)")
            #expect(try reader.root("\(root)", skippingIndexes: true) == newest, "\(history.random)")
            #expect(try await downloaded(history.reader(), root) == newest, "\(history.random)")
        }
    }

    @Test("it reads a directory, with the key object that others got later")
    func directory() async throws {
        let history = try ShippedHistory(seed: 7, hasConditions: true, isSealed: true)
        try await history.run(steps: 20)
        let place = try TemporaryDirectory(prefix: "holdfast-remote")
        let store = DirectoryStore(FilePath(place.path))
        try await store.create()
        for (name, object) in try history.objects() {
            try await store.put(try #require(ObjectName(name)), object.content)
        }
        let other = SecretKey()
        let before = try ReferenceRemoteReader(directory: place.path, secret: other.bytes)
        let root = "\(history.shipped.root.id)"
        #expect(throws: ReferenceRemoteReader.Wrong.self) { try before.root(root) }
        let repository = try #require(RepositoryID(ShippedHistory.repository))
        let keys = OpeningKeys([try #require(history.secret)])
        let targets = try SealTargets([other.recipient])
        let rewrapped = try await KeyObjects(listing: store)
            .rewrap(in: store, of: repository, with: keys, for: targets)
        #expect(!rewrapped.written.isEmpty && rewrapped.failed.isEmpty)
        let reader = try ReferenceRemoteReader(directory: place.path, secret: other.bytes)
        #expect(try reader.root(root) == history.expected.max { $0.key < $1.key }?.value)
    }

    /// The examples of the page.
    private static func examples() throws -> [[UInt8]] {
        var project = URL(filePath: #filePath).resolvingSymlinksInPath()
        for _ in 0..<4 { project.deleteLastPathComponent() }
        let page = String(
            decoding: try Data(contentsOf: project.appending(path: "docs/OFFSITE.md")),
            as: UTF8.self
        )
        let part = try #require(page.split(separator: "\n## Example\n").last?.split(separator: "\n## ").first)
        return part.split(separator: "```").filter { $0.hasPrefix("\n484f") }.map { block in
            let digits = Array(block.utf8.filter { $0 != UInt8(ascii: "\n") })
            return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
                UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
            }
        }
    }

    private static func littleEndian(_ value: UInt64, _ count: Int = 8) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    /// By the tables of the page.
    private static func object(
        _ kind: UInt8,
        previous: [UInt8],
        time: UInt64,
        _ entries: [UInt8],
        data: [UInt8]
    ) -> [UInt8] {
        let manifest = littleEndian(4, 4) + Array("host".utf8) + entries
        var bytes = Array("HOLDOFF1".utf8)  // 0
        bytes += [1, 0]  // 8: version
        bytes += [kind]  // 10
        bytes += [0]  // 11: reserved
        bytes += littleEndian(UInt64(manifest.count), 4)  // 12
        bytes += littleEndian(StreamSample.root.rawValue)  // 16
        bytes += littleEndian(1)  // 24: number
        bytes += previous  // 32
        bytes += littleEndian(StreamSample.session)  // 64
        bytes += littleEndian(time)  // 72
        bytes += littleEndian(6)  // 80: last sequence
        bytes += littleEndian(UInt64(data.count))  // 88
        bytes += manifest + data  // 96
        return bytes + ObjectDigest(of: bytes).bytes
    }

    @Test("the examples are what its tables say, and what the program writes and reads")
    func example() throws {
        let examples = try Self.examples()
        try #require(examples.count == 2)
        let description = [1] + Self.littleEndian(2, 4) + Array("{}".utf8)
        let name = Array("roots/0123456789abcdef/data/000000000001.1122334455667788.1".utf8)
        let segment =
            [3] + Self.littleEndian(1) + Self.littleEndian(UInt64(name.count), 4) + name
            + Self.littleEndian(3) + ObjectDigest(of: Array("abc".utf8)).bytes
        let append = [2] + Self.littleEndian(4) + Self.littleEndian(0) + Self.littleEndian(5)
        let mark = [7] + Self.littleEndian(4, 4) + Array("mark".utf8)
        let second: UInt64 = 1_000_000_000
        let batch = Self.object(
            1,
            previous: [UInt8](repeating: 0, count: 32),
            time: 1_750_000_000 * second,
            description + segment + append + mark,
            data: Array("hello".utf8)
        )
        #expect(examples[0] == batch)
        let piece =
            [8] + Self.littleEndian(4) + Self.littleEndian(0) + Self.littleEndian(5) + Self.littleEndian(1)
            + Self.littleEndian(0) + Self.littleEndian(0)
        let index = Self.object(
            2,
            previous: ObjectDigest(of: batch).bytes,
            time: 1_750_000_001 * second,
            description + segment + piece + mark,
            data: []
        )
        #expect(examples[1] == index)

        let (root, id) = (StreamSample.root, BatchID(BatchNumber(1)))
        let names = (batch: ObjectNames.batch(root, id), index: ObjectNames.index(root, after: id))
        let read = try StreamObject(batch, .batch, names.batch)
        #expect(read.encoded() == batch)
        var state = RemoteState()
        try state.apply(read, id, digest: ObjectDigest(of: batch), names.batch)
        let time = Instant(nanoseconds: 1_750_000_001_000_000_000)
        #expect(
            state.indexObject(root, session: StreamSample.session, writer: "host", time).encoded() == index
        )
        #expect(try RemoteState(StreamObject(index, .index, names.index), id, names.index) == state)
    }
}
