import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

@Suite("Failed writes")
struct FailedWriteTests {
    static let faults: [Fault] =
        Fault.codes.map { .fails(errno: $0.rawValue) } + [
            .writesOnly(byteCount: 1), .writesOnly(byteCount: 100),
        ]

    @Test(
        "whichever call of a flush fails, trying again leaves the stream as if nothing had been",
        arguments: faults.indices
    )
    func flush(faultIndex: Int) throws {
        let fault = Self.faults[faultIndex]
        for index in 0..<100 {
            var history = try SmallHistory(SeededRandom())
            history.options.segmentLimit = 300
            let faults = NthFails(index, fault)
            defer { Faults.arm(nil) }
            do {
                let writer = try history.open()
                history.declare(writer, "one.db")
                history.declare(writer, "two.db")
                Faults.arm { point, _ in faults.plan(point) }
                for round in 0..<3 {
                    try history.commit(writer, round % 2, byteCount: 2000)
                    try history.commit(writer, 0, byteCount: 3000 + round * 100)
                    try flushUntilItWorks(writer)
                }
                Faults.arm(nil)
                #expect(writer.lastDurableSequence.rawValue == 6)
                for file in history.files {
                    // A mirror that failed is written with a later flush.
                    _ = try writer.flush()
                    let size = try FileStatus.of(writer.root.mirrorPath(file.id)).sizeBytes
                    #expect(size == UInt64(file.image.count), "\(history.random), call \(index)")
                }
            }
            let wrong = history.firstWrong()
            #expect(wrong == nil, "\(history.random), call \(index)")
            let findings = try history.test.findings()
            #expect(findings.isEmpty, "\(history.random), call \(index)")
            let writer = try history.open()
            #expect(writer.notes.isEmpty, "\(history.random), call \(index): \(writer.notes)")
            guard faults.hasFired else { return }
        }
        Issue.record("a flush has no hundred calls")
    }

    private func flushUntilItWorks(_ writer: RootWriter) throws {
        do {
            _ = try writer.flush()
        } catch is SystemError {
            #expect(writer.hasStaged)
            _ = try writer.flush()
        }
    }

    @Test(
        "whichever call of a flush fails, going down leaves only whole snapshots",
        arguments: faults.indices
    )
    func crash(faultIndex: Int) throws {
        let fault = Self.faults[faultIndex]
        for index in 0..<100 {
            var history = try SmallHistory(SeededRandom())
            history.options.segmentLimit = 300
            let faults = NthFails(index, fault)
            defer { Faults.arm(nil) }
            var durable = 0
            do {
                let writer = try history.open()
                history.declare(writer, "one.db")
                Faults.arm { point, _ in faults.plan(point) }
                do {
                    for round in 0..<3 {
                        try history.commit(writer, 0, byteCount: 3000 + round * 100)
                        durable = Int(try writer.flush().rawValue)
                    }
                } catch is SystemError {}
                Faults.arm(nil)
            }
            do {
                let writer = try history.open()
                #expect(
                    writer.lastDurableSequence.rawValue >= UInt64(durable),
                    "\(history.random), call \(index)"
                )
                history.forget(downTo: Int(writer.lastDurableSequence.rawValue))
                if history.expected.isEmpty { _ = writer.declare(name: "one.db", kind: .database) }
                try history.commit(writer, 0, byteCount: 2000)
                _ = try writer.flush()
            }
            let wrong = history.firstWrong()
            #expect(wrong == nil, "\(history.random), call \(index)")
            let hasErrors = try history.test.findings().contains { $0.severity == .error }
            #expect(!hasErrors, "\(history.random), call \(index)")
            guard faults.hasFired else { return }
        }
        Issue.record("a flush has no hundred calls")
    }

    @Test(
        "whichever call of a base image fails, the end can be tried again, or only abandoned: the stream is sound",
        arguments: [false, true]
    )
    func base(isAbandoned: Bool) throws {
        for index in 0..<100 {
            var history = try SmallHistory(SeededRandom())
            let faults = NthFails(index, Fault.failing(&history.random))
            defer { Faults.arm(nil) }
            do {
                let writer = try history.open()
                history.declare(writer, "one.db")
                try history.commit(writer, 0, byteCount: 2000)
                _ = try writer.flush()
                Faults.arm { point, _ in faults.plan(point) }
                try base(&history, writer, isAbandoned: isAbandoned)
                try history.commit(writer, 0, byteCount: 2500)
                try flushUntilItWorks(writer)
                Faults.arm(nil)
            }
            let wrong = history.firstWrong()
            #expect(wrong == nil, "\(history.random), call \(index)")
            let findings = try history.test.findings()
            #expect(findings.isEmpty, "\(history.random), call \(index)")
            guard faults.hasFired else { return }
        }
        Issue.record("a base has no hundred calls")
    }

    private func base(_ history: inout SmallHistory, _ writer: RootWriter, isAbandoned: Bool) throws {
        let count = history.expected.count
        do {
            try history.base(writer, 0, byteCount: 4000)
            return
        } catch is SystemError {
            #expect(history.expected.count == count)
        }
        let id = history.files[0].id
        if !isAbandoned, !writer.hasFailedBase(id), let image = history.lastBase {
            let shape = ImageSize(pageSize: history.files[0].pageSize, byteCount: UInt64(image.count))!
            if try writer.endBase(id, event: .scan, time: Instant(nanoseconds: 1), shape: shape) != .none {
                history.ended(0, image)
                return
            }
        }
        try writer.abandonBase(id)
    }
}
