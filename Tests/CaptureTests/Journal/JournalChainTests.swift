import Testing

@testable import Capture

@Suite("Journal chain")
struct JournalChainTests {
    private func verdict(
        _ captured: UInt32?,
        _ counters: [UInt32?],
        unread: Int = 0,
        now: UInt32
    ) -> JournalChain.Verdict {
        JournalChain.verdict(captured: captured, counters: counters, unread: unread, now: now)
    }

    @Test("trusts the journals when their counters lead from the capture to now")
    func complete() {
        #expect(verdict(7, [7], now: 8) == .named(transactions: 1))
        #expect(verdict(7, [7, 8, 9], now: 10) == .named(transactions: 3))
    }

    @Test("sees a rolled-back transaction as none")
    func rolledBack() {
        #expect(verdict(7, [7], now: 7) == .named(transactions: 0))
        #expect(verdict(7, [7, 7, 8], now: 8) == .named(transactions: 1))
    }

    @Test("goes on past the counter's wrap-around")
    func wraps() {
        #expect(verdict(.max, [.max], now: 0) == .named(transactions: 1))
    }

    @Test("compares everything when a journal was missed")
    func missed() {
        #expect(verdict(7, [7], unread: 1, now: 9) == .everything(isExplained: true))
        #expect(verdict(7, [7, 9], now: 10) == .everything(isExplained: true))
        #expect(verdict(7, [8], now: 9) == .everything(isExplained: true))
        #expect(verdict(7, [], now: 8) == .everything(isExplained: false))
    }

    @Test("compares everything when a journal does not hold page 1")
    func withoutPageOne() {
        #expect(verdict(7, [nil], now: 8) == .everything(isExplained: true))
    }

    @Test("compares everything when the transaction began from another page 1, whatever the counters say")
    func otherDatabase() {
        let verdict = JournalChain.verdict(captured: 7, counters: [7], unread: 0, now: 8, isOther: true)
        #expect(verdict == .everything(isExplained: true))
    }

    @Test("compares everything when nothing was captured")
    func firstLook() {
        #expect(verdict(nil, [7], now: 8) == .everything(isExplained: true))
    }
}
