import RepositoryFormat
import Synchronization
import TestSupport
import Testing

@testable import Remote

/// An index is only a shortcut.
@Suite("An index that is damaged")
struct DamagedIndexTests {
    private func index(_ remote: MaintainedRemote, _ number: UInt64) throws -> ObjectName {
        let prefix = ObjectNames.index(remote.root)
        return try #require(
            remote.bucket.objects.keys.first {
                $0.text.hasPrefix(prefix)
                    && ObjectNames.indexed($0, in: remote.root)?.number == BatchNumber(number)
            }
        )
    }

    @Test("an older one is used, or batch 1: the newest state is read all the same, and it is said")
    func older() async throws {
        for hasConditions in [true, false] {
            let remote = try await MaintainedRemote(.init(hasConditions: hasConditions))
            try await remote.ship(7)
            for number in [4, 1] as [UInt64] {
                let damaged = try index(remote, number)
                let content = try #require(remote.bucket.object(damaged)).content
                for bad in [[1], Array(content.dropLast()), content + [0]] {
                    remote.bucket.replace(damaged, by: bad)
                    let warnings = Mutex<[String]>([])
                    var access = remote.access()
                    access.warn = { text in warnings.withLock { $0.append(text) } }
                    #expect(try await access.reading(remote.root).newestState() == remote.state)
                    let said = warnings.withLock { $0 }
                    let newest = try index(remote, 4)
                    #expect(said.count == 1 && said.first?.contains(newest.text) == true, "\(said)")
                    let (outcome, findings) = try await remote.check()
                    #expect(outcome.state == remote.state && !outcome.isCut)
                    #expect(findings.last?.name == damaged && outcome.errors == findings.count)
                    try await remote.shipped.expectRestorable(remote.access())
                }
            }
        }
    }

    @Test("where batches before it are gone it is needed: the error names it, and says what to do")
    func needed() async throws {
        let remote = try await MaintainedRemote()
        try await remote.ship(7)
        let prefix = ObjectNames.stream(remote.root)
        for name in remote.bucket.objects.keys where name.text.hasPrefix(prefix) {
            remote.bucket.replace(name, by: nil)
        }
        let root = remote.shipped.root
        try await RootShipper.open(remote.access(), root, takingOver: true).ship()
        let state = try await remote.shipped.expectRestorable(remote.access())
        let damaged = try index(remote, state.batch.number.value)
        remote.bucket.replace(damaged, by: [1])
        // Those of before the take-over lead nowhere.
        for number in [4, 1] as [UInt64] { remote.bucket.replace(try index(remote, number), by: nil) }
        var access = remote.access()
        for beforeDamage in [false, true] {
            access.readsBeforeDamage = beforeDamage
            await expect(.damaged, damaged.text, "--take-over") {
                _ = try await access.reading(remote.root).newestState()
            }
        }
        let (outcome, findings) = try await remote.check()
        #expect(outcome.isCut && findings.first?.name == damaged && outcome.errors == 2, "\(findings)")
    }
}
