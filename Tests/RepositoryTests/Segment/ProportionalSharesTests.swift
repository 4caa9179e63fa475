import TestSupport
import Testing

@testable import RepositoryReader

@Suite("Bytes cut in proportion")
struct ProportionalSharesTests {
    @Test("each part gets its share, and what rounding leaves of those before it")
    func rounding() {
        var shares = ProportionalShares()
        let parts = [1, 2, 3, 10].map { shares.next(of: 100, upTo: $0, of: 10) }
        #expect(parts == [10, 10, 10, 70])
        shares = ProportionalShares()
        #expect([1, 2, 3].map { shares.next(of: 2, upTo: $0, of: 3) } == [0, 1, 1])
    }

    @Test("the shares of all parts are all bytes, however many", arguments: [0, 1, 1000, 1 << 60, .max])
    func sum(_ bytes: UInt64) {
        var random = SeededRandom()
        let weights = (0..<100).map { _ in UInt64.random(in: 0...1 << 40, using: &random) } + [1]
        let total = weights.reduce(0, +)
        var (shares, upTo, sum) = (ProportionalShares(), UInt64(0), UInt64(0))
        for weight in weights {
            upTo += weight
            sum += shares.next(of: bytes, upTo: upTo, of: total)
        }
        #expect(sum == bytes)
    }

    @Test("nobody gives back what turns out to have been too much")
    func shrinking() {
        var shares = ProportionalShares()
        #expect(shares.next(of: 100, upTo: 5, of: 10) == 50)
        #expect(shares.next(of: 10, upTo: 6, of: 10) == 0)
    }
}
