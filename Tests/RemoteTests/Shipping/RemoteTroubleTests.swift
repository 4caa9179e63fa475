import LinuxSystem
import RepositoryFormat
import RepositoryReader
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Remote

@Suite("A remote that does not answer")
struct RemoteTroubleTests {
    private static let settings = RemoteSettings(name: "nas", url: "file:///nas")

    /// What `status` says while requests to a busy store are repeated, one text for each, and after one that
    /// was answered.
    private func told(_ shipped: ShippedRoot, patience: Duration) async throws -> [String?] {
        let root = shipped.root
        let repository = try RepositoryDirectory(at: FilePath(shipped.directory.file("repository")))
        let trouble = RemoteTrouble(repository, Self.settings, patience: patience)
        let told = Mutex<[String?]>([])
        let note = { @Sendable in
            told.withLock { $0.append(ShippingReport.current(root, Self.settings).error) }
        }
        // All of the first answers are lost.
        let bucket = MemoryBucket()
        let store = RetryingStore(
            FaultStore(bucket, seed: 1, .init(busy: 0.6)),
            mostAttempts: nil,
            seed: 1,
            recovered: {
                trouble.ends()
                note()
            },
            pause: { _, error in
                trouble.repeats(after: error)
                note()
            }
        )
        trouble.begin(root)
        while told.withLock({ $0.count < 20 }) { _ = try await store.size(of: ObjectNames.remote) }
        return told.withLock { $0 }
    }

    @Test("status tells it while requests are repeated, and no longer than that")
    func told() async throws {
        let shipped = try ShippedRoot()
        try shipped.record("a", bytes(1))
        #expect(try await told(shipped, patience: .seconds(3600)).allSatisfy { $0 == nil })
        let texts = try await told(shipped, patience: .zero)
        #expect(texts.last == .some(nil), "the last request was answered")
        #expect(texts.contains(nil) && texts.contains { $0?.contains("busy") ?? false }, "\(texts)")
    }

    @Test("one that was given up stays told until something is shipped")
    func givenUp() throws {
        let shipped = try ShippedRoot()
        try shipped.record("a", bytes(1))
        let root = shipped.root
        let busy = RetryingStore(FaultStore(MemoryBucket(), seed: 1, .init(busy: 1)), mostAttempts: 3) {
            _,
            _ in
        }
        for (access, isWell) in [(shipped.access(busy), false), (shipped.access(to: MemoryBucket()), true)] {
            let batches = try EventLoop.run("follower") { loop in
                await RemoteFollower(access, Self.settings, on: loop).ship([root]).map {
                    try? $0.result.get().batches
                }
            }
            #expect(batches == [isWell ? 1 : nil])
            #expect((ShippingReport.current(root, Self.settings).error == nil) == isWell)
        }
    }
}
