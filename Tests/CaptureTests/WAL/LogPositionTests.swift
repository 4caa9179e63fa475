import LinuxSystem
import SQLiteFiles
import Testing

@testable import Capture

@Suite("Position in a log")
struct LogPositionTests {
    private let otherSum = WALChecksum(s0: 1, s1: 2)
    private let nextSalts = WALSalts(salt1: 101, salt2: 9)

    /// Behind 5 frames, which the index counted as 3 commits.
    private func marked() throws -> LogPosition {
        var position = LogPosition()
        position.move(to: WALParts.chain(5))
        position.markIfAgreeing(try WALParts.index(5, commits: 3))
        return position
    }

    @Test("counts the commits that were consumed since the index agreed")
    func counts() throws {
        var position = try marked()
        position.consumed(to: WALParts.chain(6))
        position.consumed(2)
        #expect(position.chain == WALParts.chain(6) && position.mark?.expected == 6)
        position.markIfAgreeing(try WALParts.index(5, commits: 9))
        #expect(position.mark?.expected == 6, "that index ends before")
        position.markIfAgreeing(nil)
        position.markIfAgreeing(try WALParts.index(6, commits: 9))
        #expect(position.mark?.expected == 9)
        position.forget()
        #expect(position.chain == nil && position.mark == nil)
    }

    @Test("an index agrees that ends at the same frame of the same generation with the same checksum")
    func agrees() throws {
        let position = try marked()
        #expect(position.agrees(with: try WALParts.index(5, commits: 8)))
        #expect(!position.agrees(with: try WALParts.index(4, commits: 3)))
        #expect(!position.agrees(with: try WALParts.index(5, commits: 3, otherSum)))
        #expect(!position.agrees(with: try WALParts.index(5, commits: 3, salts: nextSalts)))
        #expect(!LogPosition().agrees(with: try WALParts.index(0, commits: 0)))
    }

    @Test("a log was copied whose index counts no more than was consumed and checkpointed")
    func copied() throws {
        let position = try marked()
        #expect(position.wasCopied(by: try WALParts.index(5, commits: 3, backfilled: 5)))
        #expect(!position.wasCopied(by: try WALParts.index(5, commits: 3, backfilled: 4)))
        #expect(!position.wasCopied(by: try WALParts.index(6, commits: 3, backfilled: 6)))
        #expect(!position.wasCopied(by: nil))
    }

    @Test("the last frame is the one that was read, or an empty one that the index counted")
    func lastFrame() throws {
        var position = try marked()
        let end = WALParts.chain(5)
        let empty = try #require(WALParts.frame(salts: WALSalts(salt1: 0, salt2: 0)))
        #expect(position.isLast(try #require(WALParts.frame()), before: end))
        #expect(!position.isLast(try #require(WALParts.frame(otherSum)), before: end))
        #expect(!position.isLast(empty, before: end))
        position.move(toKnown: end)
        #expect(position.isLast(empty, before: end))
        #expect(!position.isLast(empty, before: WALParts.chain(6)))
    }

    @Test("commits were rolled back when the index has fewer frames, another end, or fewer commits")
    func rolledBackByRecovery() throws {
        let position = try marked()
        func wasRolledBackByRecovery(
            _ index: WALIndexHeader,
            isUsed: Bool,
            isInLog: Bool = true
        ) throws -> Bool {
            try position.wasRolledBackByRecovery(by: index, isUsed: isUsed) { _ throws(SystemError) in isInLog
            }
        }
        #expect(try wasRolledBackByRecovery(WALParts.index(4, commits: 4), isUsed: true))
        #expect(
            try wasRolledBackByRecovery(WALParts.index(4, commits: 4), isUsed: false),
            "fewer frames than marked"
        )
        #expect(try wasRolledBackByRecovery(WALParts.index(5, commits: 4, otherSum), isUsed: true))
        #expect(try !wasRolledBackByRecovery(WALParts.index(5, commits: 4, otherSum), isUsed: false))
        #expect(try wasRolledBackByRecovery(WALParts.index(6, commits: 2), isUsed: true, isInLog: false))
        #expect(try !wasRolledBackByRecovery(WALParts.index(6, commits: 2), isUsed: true))
        #expect(try !wasRolledBackByRecovery(WALParts.index(6, commits: 4), isUsed: true, isInLog: false))
        #expect(try !wasRolledBackByRecovery(WALParts.index(4, commits: 0, salts: nextSalts), isUsed: true))
    }

    @Test("a truncated log has lost nothing when its index was reset, and counts what was consumed")
    func truncated() throws {
        func outcome(
            _ index: WALIndexHeader?,
            isUsed: Bool = true,
            _ before: LogPosition
        ) -> WALTail.Outcome {
            var position = before
            return position.truncated(index, isUsed: isUsed, isNamed: true)
        }
        let position = try marked()
        #expect(outcome(try WALParts.index(0, commits: 3, salts: nextSalts), position) == .current)
        #expect(outcome(try WALParts.index(0, commits: 4, salts: nextSalts), position) == .lost)
        #expect(outcome(try WALParts.index(2, commits: 4, salts: nextSalts), position) == .congested)
        #expect(outcome(nil, position) == .congested, "it is being written")
        #expect(outcome(nil, isUsed: false, position) == .lost)
        // The last user has truncated a log that is kept.
        #expect(outcome(try WALParts.index(5, commits: 3), isUsed: false, position) == .current)
        #expect(outcome(try WALParts.index(5, commits: 3), isUsed: true, position) == .lost)
        #expect(outcome(try WALParts.index(6, commits: 4), isUsed: false, position) == .lost)
        #expect(outcome(try WALParts.index(0, commits: 4), LogPosition()) == .current, "nothing was known")
        #expect(outcome(nil, isUsed: false, LogPosition(isNew: true)) == .current)
        #expect(outcome(try WALParts.index(0, commits: 1), LogPosition(isNew: true)) == .lost)
    }

    @Test("an index that the last user left says nothing more while nobody uses it")
    func leftIndex() throws {
        var position = try marked()
        func outcome(_ index: WALIndexHeader?) -> WALTail.Outcome {
            position.truncated(index, isUsed: false, isNamed: true)
        }
        let left = try WALParts.index(5, commits: 3)
        #expect(outcome(left) == .current)
        #expect(position.chain == nil && position.mark?.isInitial == true)
        #expect(outcome(left) == .current)
        #expect(outcome(try WALParts.index(6, commits: 4)) == .lost)
    }

    @Test("an empty log is marked from its index, or from zero while nobody uses one")
    func empty() throws {
        var position = LogPosition()
        func isEmpty(_ index: WALIndexHeader?, isUsed: Bool = true, hasHeader: Bool = true) -> Bool {
            position.markEmpty(index, isUsed: isUsed, hasHeader: hasHeader)
        }
        #expect(isEmpty(try WALParts.index(0, commits: 8)))
        #expect(position.mark?.expected == 8)
        #expect(!isEmpty(try WALParts.index(1, commits: 9)))
        #expect(!isEmpty(nil, hasHeader: false))
        #expect(isEmpty(nil, isUsed: false))
        #expect(position.mark?.expected == 8)
        #expect(isEmpty(nil, isUsed: false, hasHeader: false))
        #expect(position.mark?.isInitial == true)
    }

    @Test("an index that may be new counts from zero, unless it did before")
    func newIndex() throws {
        var position = try marked()
        position.indexMayBeNew()
        #expect(position.mark?.isInitial == true && position.mark?.expected == 0)
        position.consumed(to: WALParts.chain(6))
        position.indexMayBeNew()
        #expect(position.mark?.expected == 1)
        var unmarked = LogPosition()
        unmarked.indexMayBeNew()
        #expect(unmarked.mark == nil)
    }

    @Test("an index counts the last commit of a log without a name, or was reset one commit later")
    func counted() throws {
        let position = try marked()
        func isCounted(_ index: WALIndexHeader?, isInLog: Bool = true) throws -> Bool {
            try position.isCounted(WALParts.chain(7), by: index) { _ throws(SystemError) in isInLog }
        }
        #expect(try isCounted(nil))
        #expect(try isCounted(WALParts.index(7, commits: 4)))
        #expect(try !isCounted(WALParts.index(7, commits: 4), isInLog: false))
        #expect(try !isCounted(WALParts.index(6, commits: 4)))
        #expect(try isCounted(WALParts.index(0, commits: 4, salts: nextSalts)))
        #expect(try !isCounted(WALParts.index(0, commits: 3, salts: nextSalts)))
        #expect(try !isCounted(WALParts.index(2, commits: 4, salts: nextSalts)))
    }
}
