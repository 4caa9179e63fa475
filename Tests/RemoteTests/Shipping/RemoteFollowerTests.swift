import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage
import TestSupport
import Testing

@testable import Remote

@Suite("Following a repository")
struct RemoteFollowerTests {
    @Test("a commit after a verdict is shipped at once, though a batch came before")
    func afterVerdict() throws {
        let shipped = try ShippedRoot()
        let (root, bucket) = (shipped.root, MemoryBucket())
        let access = shipped.access(to: bucket)
        var settings = RemoteSettings(name: "nas", url: "file:///nas")
        // Longer than any test: what is shipped afterwards did not wait for it.
        settings.interval = .seconds(86_400)
        try shipped.record("a", bytes(1))
        let loop = try EventLoop("follower")
        defer { loop.stop() }
        let follower = RemoteFollower(access, settings, on: loop)
        let first = try loop.run { try await follower.ship([root]).map { try $0.result.get().batches } }
        #expect(first == [1])
        let acknowledged = ShippingReport.current(root, settings).acknowledged

        let repository = try RepositoryDirectory(at: FilePath(shipped.directory.file("repository")))
        let watch = try FlushWatch(repository, on: loop)
        let task = Task(executorPreference: loop) {
            try await follower.run(watch) { _, error in Issue.record(error) }
        }
        defer { task.cancel() }
        try wait(for: "the first look") {
            ShippingReport.current(root, settings).acknowledged != acknowledged
        }
        let verdict = Annotation(
            .health,
            target: SequenceNumber(1),
            fields: ["verdict": HealthVerdict.good.rawValue],
            time: .now
        )
        try shipped.recorded.add(verdict)
        try wait(for: "the verdict") { bucket.object(ObjectNames.batch(root.id, batch(2))) != nil }
        try shipped.record("a", bytes(2))
        try wait(for: "the commit") { bucket.object(ObjectNames.batch(root.id, batch(3))) != nil }
    }

    private func batch(_ number: UInt64) -> BatchID { BatchID(BatchNumber(number)) }
}
