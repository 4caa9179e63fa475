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

    private static func isFound(_ test: TestRoot) throws -> Bool {
        do {
            return try test.findings(readingData: false).contains { $0.severity == .error }
        } catch is RepositoryError {
            return true
        }
    }
}
