import Testing

@testable import Capture

@Suite("Count of commits")
struct CommitCountTests {
    private func exact(_ passed: Int, _ runs: Int, wasLocked: Bool = false) -> Int? {
        CommitCount.exact(passed: passed, runs: runs, wasLocked: wasLocked)
    }

    @Test("is what the counter says when no more writes were told apart")
    func counter() {
        #expect(exact(1, 1) == 1)
        #expect(exact(3, 3) == 3)
        #expect(exact(3, 3, wasLocked: true) == 3)
        #expect(exact(40, 1) == 40, "without journals all writes are one run")
    }

    @Test("is not known when more writes were told apart")
    func underOneLock() {
        #expect(exact(1, 2) == nil)
        #expect(exact(2, 3) == nil)
    }

    @Test("is none while the counter stays, unless a lock was held before")
    func unchanged() {
        #expect(exact(0, 0) == 0)
        #expect(exact(0, 3) == 0, "a transaction that spilled and was rolled back")
        #expect(exact(0, 1, wasLocked: true) == 1)
        #expect(exact(0, 2, wasLocked: true) == nil)
    }

    private func sinceMade(_ counter: UInt32, before: UInt32? = nil, runs: Int) -> Int? {
        CommitCount.sinceMade(counter: counter, before: before, runs: runs)
    }

    @Test("of a new database is what its counter says")
    func new() {
        #expect(sinceMade(7, before: 0, runs: 9) == 7)
        #expect(sinceMade(7, runs: 7) == 7)
        #expect(sinceMade(7, runs: 1) == 7, "without a journal, or a copy")
        #expect(sinceMade(501, before: 500, runs: 1) == 1, "a database that was moved here")
    }

    @Test("of a new database is not known when it was made under one lock")
    func unknown() {
        #expect(sinceMade(1, runs: 5) == nil)
        #expect(sinceMade(3, before: 2, runs: 4) == nil)
    }
}
