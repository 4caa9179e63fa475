import Testing

@testable import Capture

@Suite("A limit of concurrent work")
struct ConcurrencyLimiterTests {
    private final class Member {}

    private func called(_ limiter: inout ConcurrencyLimiter<Member>) -> [ObjectIdentifier] {
        limiter.admitNext().map(ObjectIdentifier.init)
    }

    @Test("only so many go on at once; the others are called in the order in which they asked")
    func order() {
        var limiter = ConcurrencyLimiter<Member>(limit: 2)
        let members = (0..<5).map { _ in Member() }
        let taken = members.map { limiter.acquire($0) }
        #expect(taken == [true, true, false, false, false])
        let again = limiter.acquire(members[0])
        #expect(again, "it has its turn already")
        #expect(called(&limiter) == [])

        limiter.release(members[1])
        #expect(called(&limiter) == [ObjectIdentifier(members[2])])
        _ = limiter.acquire(members[2])
        limiter.release(members[0])
        limiter.release(members[2])
        #expect(called(&limiter) == members[3...].map(ObjectIdentifier.init))
    }

    @Test("one that does not come when it is called holds nobody up")
    func absent() {
        var limiter = ConcurrencyLimiter<Member>(limit: 1)
        let members = (0..<3).map { _ in Member() }
        for member in members { _ = limiter.acquire(member) }
        limiter.release(members[0])
        #expect(called(&limiter) == [ObjectIdentifier(members[1])])
        #expect(called(&limiter) == [ObjectIdentifier(members[2])])
        let taken = [limiter.acquire(members[2]), limiter.acquire(members[1])]
        #expect(taken == [true, false])
    }
}
