import LinuxSystem
import Remote
import SystemPackage
import TestSupport
import Testing

/// A kind of store that the conformance suite runs against. What one cannot do is said by its traits:
///
/// | | traits |
/// |---|---|
/// | directory, on any file system | refuses `a` beside `a/b` |
/// | memory, repeating | none |
/// | SeaweedFS 4.48 | orders by path component; does not replace a part; completes an upload twice |
/// | Moto 5.2 | completes twice; fails on parts of ended uploads, and on requests at the same time |
/// | rclone 1.75 | ignores conditions; loses `a/b` to `a`; takes parts in their order only |
struct TestedStore: Sendable, CustomTestStringConvertible {
    enum Trait {
        /// `putNew` overwrites what has the name.
        case ignoresConditions
        /// `a` and `a/b` cannot both be objects.
        case refusesNestedNames
        /// When `a` is put, all objects below `a/` are lost.
        case losesNestedNames
        /// `a/b` comes before `a-b`. Then pages of such names are refused. A list after a name that is that
        /// of a directory begins after the directory.
        case ordersByComponents
        /// Of a part that was sent twice, the first content counts.
        case keepsFormerParts
        /// An upload is complete each time that it is said.
        case completesTwice
        /// A part of an upload that has ended is refused as if it could succeed later.
        case failsOnEndedUploads
        /// Parts have to come once, in their order and without a gap. When they are refused, the upload has
        /// ended.
        case streamsParts
        /// Of many requests for one object at the same time some fail (HTTP 500), or several get a free name.
        case failsAtTheSameTime
    }

    let testDescription: String
    var traits: Set<Trait> = []
    /// Of objects in a page.
    var pageCount = 1_000
    /// A server that takes its time: smaller objects do.
    var isServer = false
    /// Calls the body with a new, empty store, and removes that afterwards.
    let use: @Sendable (_ body: @Sendable (any RemoteStore) async throws -> Void) async throws -> Void

    /// All kinds. A server that the machine does not have is not among them.
    static let all: [TestedStore] =
        [.directory, .directoryWithoutLinks, .memory, .repeating].compactMap(\.self)
        + [weed, moto, rclone].compactMap(\.self)

    static func all(without traits: Trait...) -> [TestedStore] {
        all.filter { $0.traits.isDisjoint(with: traits) }
    }

    var hasFlatNames: Bool { !traits.contains(.refusesNestedNames) }

    static let directory = TestedStore(testDescription: "directory", traits: [.refusesNestedNames]) { body in
        try await withTemporaryDirectory { folder in
            let store = DirectoryStore(FilePath(folder.file("remote")))
            try await store.create()
            try await body(store)
        }
    }

    /// On a disk where files have no modes and one name each; nil unless this process may mount one.
    static let directoryWithoutLinks: TestedStore? = {
        guard let kind = [SmallFileSystem.Kind.exfat, .vfat].first(where: SmallFileSystem.isAllowed) else {
            return nil
        }
        return TestedStore(testDescription: "directory on \(kind)", traits: [.refusesNestedNames]) { body in
            try await withTemporaryDirectory { folder in
                let disk = try SmallFileSystem(folder.file("disk"), byteCount: 160 << 20, kind)
                let store = DirectoryStore(FilePath(disk.path + "/remote"))
                try await store.create()
                try await body(store)
                withExtendedLifetime(disk) {}
            }
        }
    }()

    static let memory = TestedStore(testDescription: "memory") { body in
        try await body(FaultStore(MemoryBucket(), seed: 1))
    }

    /// Around a store that often cannot do it at the moment, without doing it.
    static let repeating = TestedStore(testDescription: "repeating store") { body in
        let rates = FaultStore.Rates(busy: 0.3, cutBodies: 0.3)
        let store = FaultStore(MemoryBucket(), seed: .random(in: 0 ... .max), rates)
        try await body(RetryingStore(store, mostAttempts: nil) { _, _ in await Task.yield() })
        #expect(store.counts.busy <= store.counts.calls)
    }
}

/// The name, which must be one.
func object(_ text: String) -> ObjectName { ObjectName(text)! }

/// Different bytes, without a pattern that repeats at a power of two.
func content(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = SeededRandom(seed: seed)
    var bytes = [UInt8](repeating: 0, count: count)
    for start in stride(from: 0, to: count, by: 61) {
        bytes[start] = UInt8(truncatingIfNeeded: random.next())
    }
    return bytes
}

/// The kind of the error that the body throws; nil if it throws none.
func errorKind<Value>(
    _ body: () async throws(RemoteError) -> Value
) async -> RemoteError.Kind? {
    do throws(RemoteError) {
        _ = try await body()
        return nil
    } catch {
        return error.kind
    }
}

extension RemoteStore {
    /// All pages of a list.
    func listAll(_ prefix: String = "") async throws(RemoteError) -> [ListedObject] {
        var objects: [ListedObject] = []
        while true {
            let page = try await list(prefix, after: objects.last?.name)
            objects += page.objects
            guard page.hasMore, !page.objects.isEmpty else { return objects }
        }
    }

    func names(_ prefix: String = "", after last: String? = nil) async throws(RemoteError) -> [String] {
        try await list(prefix, after: last.map { object($0) }).objects.map(\.name.text)
    }
}
