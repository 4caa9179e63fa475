import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader

@Suite("Cut files and zeroed tails")
struct CutFileTests {
    @Test(
        "wherever a file is cut or zeroed: found or harmless, and no rebuild is ever wrong",
        arguments: [false, true]
    )
    func everyFile(isSealed: Bool) throws {
        var random = SeededRandom()
        let history = try SmallHistory.damageable(random, isSealed: isSealed)
        let damages = try Damage.cuts(of: history.test, &random)
        #expect(damages.count > 150)
        var found = 0
        for damage in damages {
            try damage.apply()
            let isFound = try Self.isFound(history.test)
            if isFound { found += 1 }
            for (index, snapshot) in history.expected.enumerated() {
                do {
                    let sequence = SequenceNumber(UInt64(index + 1))
                    let (state, bytes) = try history.test.rebuild(snapshot.file, at: sequence)
                    #expect(state.sequence == sequence && bytes == snapshot.bytes, "\(random): \(damage)")
                } catch let error as DamageError {
                    #expect(isFound, "\(random): \(damage): \(error)")
                } catch let error as RepositoryError {
                    #expect(isFound, "\(random): \(damage): \(error)")
                }
            }
            try damage.undo()
        }
        // What is not found is an empty mark, or one that became no other.
        #expect(damages.count - found < 10, "\(random)")
        #expect(history.firstWrong() == nil)
        print("cut or zeroed, \(isSealed ? "sealed" : "live"): \(damages.count) times, \(found) found")
    }

    /// What is behind the footer may look like the front of a record that the end of the file cuts off.
    @Test(
        "a sealed segment with other bytes at its end is named, whatever follows it",
        arguments: [false, true]
    )
    func sealedEnd(isLast: Bool) throws {
        let history = try SmallHistory.damageable(SeededRandom(seed: 1), isSealed: true)
        if isLast {
            try Directory.remove(try #require(try history.test.segments().last))
            try Directory.remove(history.test.durableMark)
        }
        let path = try #require(try history.test.segments().dropLast(isLast ? 0 : 1).last)
        let whole = try path.content()
        #expect(try history.test.findings() == [])
        let footer = Array(whole.suffix(RecordHeader.byteCount + FooterFormat.byteCount))
        #expect(footer.starts(with: "HFR1".utf8))
        var ends = (1...footer.count + 1).map { (Array(whole.dropLast($0)), "without the last \($0) bytes") }
        for count in 1...footer.count {
            ends.append((whole + footer.prefix(count), "and \(count) bytes of a record"))
            ends.append((whole + [UInt8](repeating: 0, count: count), "and \(count) zeros"))
        }
        for (bytes, description) in ends {
            try path.replaceContent(bytes)
            let findings = try history.test.findings(readingData: false)
            #expect(findings.contains { $0.severity == .error && $0.file == path }, "\(description)")
        }
    }

    private static func isFound(_ test: TestRoot) throws -> Bool {
        do {
            return try test.findings(readingData: false).contains { $0.severity == .error }
        } catch is RepositoryError {
            return true
        }
    }
}
