import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("The recorder of a repository without space")
struct RecorderFullDiskTests {
    private static let file = FileID(1)
    private static let shape = ImageSize(pageSize: .plain, pageCount: PageCount(1))

    /// A recorder that is to record a first snapshot of one file.
    private func recorded() throws -> RecordedQueue {
        let recorded = try RecordedQueue()
        recorded.queue.put(.declare(Self.file, name: "a", kind: .plain))
        put(1, recorded, startsFresh: true)
        return recorded
    }

    private func put(_ content: UInt8, _ recorded: RecordedQueue, startsFresh: Bool = false) {
        recorded.queue.put(.changes(Changes(Self.file, Self.shape, content, startsFresh: startsFresh)))
    }

    /// What was said of the repository, in its order.
    private func troubles(_ recorded: RecordedQueue) -> [String?] {
        recorded.notices.all.compactMap { if case .trouble(let text) = $0 { .some(text) } else { nil } }
    }

    /// Catches a watcher that ends for want of space, drops what came meanwhile, says that something is
    /// durable that is not, or stays degraded.
    @Test("says so, tries again until there is room, and has lost nothing; until then nothing is durable")
    func retries() async throws {
        let recorded = try recorded()
        recorded.queue.put(.barrier(1))
        async let run: Void = recorded.run()
        let first = try await recorded.answers.wait(for: 1)
        #expect(first.sequence == SequenceNumber(1))

        recorded.disk.fill(refusing: 2)
        put(2, recorded)
        put(3, recorded)
        recorded.queue.put(.barrier(2))
        let last = try await recorded.answers.wait(for: 2)
        let said = troubles(recorded)
        #expect(last.sequence == SequenceNumber(3))
        #expect(said.count == 2 && said.first??.contains("No space left") == true && said.last == .some(nil))

        recorded.queue.close()
        try await run
        for content in 1...3 as ClosedRange<UInt8> {
            let sequence = SequenceNumber(UInt64(content))
            #expect(try recorded.content(of: Self.file, at: sequence) == content)
        }
        #expect(recorded.meter.current.trouble == nil)
        let findings = try recorded.findings()
        #expect(findings.isEmpty, "\(findings)")
    }

    /// Catches a `watch --once` that waits for ever, and one that succeeds.
    @Test("fails at once if nobody would notice that it waits")
    func impatient() async throws {
        let recorded = try recorded()
        recorded.queue.put(.barrier(1))
        recorded.disk.fill(refusing: 1)
        async let run: Void = recorded.run(isPatient: false)
        let error = await #expect(throws: SystemError.self) { try await recorded.answers.wait(for: 1) }
        #expect(error?.code == .noSpace)
        #expect(recorded.meter.current.lastSequence == .none)
        recorded.queue.close()
        try? await run
    }

    /// Catches a watcher that its service manager has to kill.
    @Test("fails when it is to end, rather than wait for room")
    func ending() async throws {
        let recorded = try recorded()
        recorded.queue.close()
        // It would be done within seconds.
        recorded.disk.fill(refusing: 3)
        let error = await #expect(throws: SystemError.self) { try await recorded.run() }
        #expect(error?.code == .noSpace)
    }
}
