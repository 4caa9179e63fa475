import LinuxSystem
import RepositoryFormat
import Testing

@testable import Capture

@Suite("The ledger of gaps")
struct GapLedgerTests {
    private let one = FileID(1)
    private let other = FileID(2)
    private let overflow = Suspicion(since: Instant(nanoseconds: 5), reason: "overflow")
    private let now = Instant(nanoseconds: 9)

    @Test("a file that changed has the gap that was suspected first, once")
    func first() {
        var ledger = GapLedger()
        ledger.suspected(one, overflow)
        ledger.suspected(one, Suspicion(since: Instant(nanoseconds: 7), reason: "another"))
        let gaps = [one, one].map { ledger.changed($0, at: now) }
        #expect(gaps == [Gap(from: overflow.since, to: now, reason: "overflow"), nil])
    }

    @Test("a file that was found unchanged has none")
    func cleared() {
        var ledger = GapLedger()
        ledger.suspected(one, overflow)
        ledger.suspected(other, Suspicion(since: Instant(nanoseconds: 6), reason: "restart"))
        ledger.cleared(one)
        let gaps = [one, other].map { ledger.changed($0, at: now)?.reason }
        #expect(gaps == [nil, "restart"])
    }

    @Test("files that share start and reason share one gap")
    func shared() {
        var ledger = GapLedger()
        for file in [one, other] { ledger.suspected(file, overflow) }
        let gaps = [one, other].map { ledger.changed($0, at: now)?.from }
        #expect(gaps == [overflow.since, nil])
        ledger.suspected(other, Suspicion(since: Instant(nanoseconds: 8), reason: "overflow"))
        let later = ledger.changed(other, at: now)
        #expect(later?.from == Instant(nanoseconds: 8))
    }
}
