import Testing

@testable import Capture

@Suite("A limit of concurrent work")
struct ConcurrencyLimiterTests {
    private final class Member {}

    private func called(_ turns: inout ConcurrencyLimiter<Member>) -> [ObjectIdentifier] {
        turns.callNext().map(ObjectIdentifier.init)
    }

    @Test("only so many go on at once; the others are called in the order in which they asked")
    func order() {
        var turns = ConcurrencyLimiter<Member>(limit: 2)
        let members = (0..<5).map { _ in Member() }
        let taken = members.map { turns.take($0) }
        #expect(taken == [true, true, false, false, false])
        let again = turns.take(members[0])
        #expect(again, "it has its turn already")
        #expect(called(&turns) == [])

        turns.end(members[1])
        #expect(called(&turns) == [ObjectIdentifier(members[2])])
        _ = turns.take(members[2])
        turns.end(members[0])
        turns.end(members[2])
        #expect(called(&turns) == members[3...].map(ObjectIdentifier.init))
    }

    @Test("one that does not come when it is called holds nobody up")
    func absent() {
        var turns = ConcurrencyLimiter<Member>(limit: 1)
        let members = (0..<3).map { _ in Member() }
        for member in members { _ = turns.take(member) }
        turns.end(members[0])
        #expect(called(&turns) == [ObjectIdentifier(members[1])])
        #expect(called(&turns) == [ObjectIdentifier(members[2])])
        let taken = [turns.take(members[2]), turns.take(members[1])]
        #expect(taken == [true, false])
    }
}
