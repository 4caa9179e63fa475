import LinuxSystem
import SystemPackage
import Testing

@testable import History
@testable import RepositoryFormat
@testable import RepositoryReader

@Suite struct SnapshotIndexTests {
    /// Two databases and a file, in turn.
    private let index = SnapshotIndex.madeUp([
        .named(1, "a.db"), .named(2, "sub/b.db"), .at(10, 1), .at(20, 2, of: 2), .at(30, 3), .at(30, 4),
        .at(40, 5, of: 2), .tag("before", 2), .tag("moved", 1), .tag("moved", 4), .verdict("good", 3),
        .verdict("good", 4), .verdict("bad", 4),
    ])
    private let now = Instant.unix(1000)

    private func resolve(
        _ when: When,
        _ scope: HistoryScope,
        before: Bool = false
    ) throws -> UInt64 {
        try index.resolve(when, in: scope, strictlyBefore: before, now: now).sequence.rawValue
    }

    @Test("counts a file's own snapshots for a file, and all of them for the root")
    func scopes() throws {
        #expect(try resolve(.latest(back: 1), .file(FileID(1))) == 3)
        #expect(try resolve(.latest(back: 1), .root) == 4)
        #expect(try resolve(.instant(.unix(29)), .file(FileID(1))) == 1)
        #expect(try resolve(.instant(.unix(29)), .root) == 2)
        // That of another file is the moment of the root.
        #expect(try resolve(.sequence(2), .file(FileID(1))) == 1)
        #expect(throws: WhenError.self) { try resolve(.sequence(9), .file(FileID(1))) }
        #expect(try resolve(.sequence(2), .root) == 2)
    }

    @Test("takes the last of several snapshots of one moment, and with before the last one earlier")
    func sameTime() throws {
        #expect(try resolve(.instant(.unix(30)), .file(FileID(1))) == 4)
        #expect(try resolve(.instant(.unix(30)), .file(FileID(1)), before: true) == 1)
        #expect(try resolve(.latest(back: 0), .file(FileID(1)), before: true) == 3)
    }

    @Test("leads a tag on another file's snapshot to the one before it; of two tags the later counts")
    func tags() throws {
        #expect(try resolve(.name("before"), .file(FileID(1))) == 1)
        #expect(try resolve(.name("before"), .file(FileID(2))) == 2)
        #expect(try resolve(.name("moved"), .root) == 4)
        #expect(throws: WhenError.unknownTag("gone", known: ["before", "moved"])) {
            try resolve(.name("gone"), .root)
        }
    }

    @Test("a recovery that changed nothing leaves the interrupted one before it, one that was done does not")
    func begunRecoveries() {
        let interrupted: [HistoryEvent] = [
            .named(1, "a.db"), .at(1, 1), .automaticTag("before-restore-1", 1, at: 1), .at(2, 2),
        ]
        let refused = interrupted + [.automaticTag("before-undo-2", 2, at: 2), .tagRemoval("before-undo-2")]
        #expect(SnapshotIndex.madeUp(refused).begunRecovery?.before == "before-restore-1")
        let begun = refused + [.automaticTag("before-rows-3", 2, at: 3)]
        #expect(SnapshotIndex.madeUp(begun).begunRecovery?.before == "before-rows-3")
        let done = begun + [.at(3, 3), .automaticTag("before-rows-3", 2, at: 4), .tag("rows-3", 3)]
        #expect(SnapshotIndex.madeUp(done).begunRecovery == nil)
    }

    @Test("what was removed or lost between two snapshots was not watched, nor what a start or a gap is in")
    func watched() {
        let gap = HistoryEvent.gap(Gap(from: .unix(1), to: .unix(2), reason: "test"), time: .unix(2))
        let start = HistoryEvent.session(program: "test", time: .unix(3))
        let index = SnapshotIndex.madeUp([
            .named(1, "a.db"), start, .at(1, 1), .at(2, 2), .at(3, 3), start, .at(4, 4), .at(5, 5), gap,
            .at(7, 7), .at(8, 8),
        ])
        func isWatched(_ first: UInt64, _ last: UInt64) -> Bool {
            index.wasWatched(from: SequenceNumber(first), to: SequenceNumber(last))
        }
        #expect(isWatched(1, 3) && isWatched(7, 8) && isWatched(2, 2))
        #expect(!isWatched(3, 4), "a writer began")
        #expect(!isWatched(4, 5), "a gap")
        #expect(!isWatched(5, 7), "a snapshot is gone")
        #expect(!isWatched(3, 2))
    }

    @Test("takes the last verdict on a snapshot")
    func verdicts() throws {
        #expect(try resolve(.latestGood, .file(FileID(1))) == 3)
        #expect(throws: WhenError.noneGood) { try resolve(.latestGood, .file(FileID(2))) }
    }

    @Test("refuses a moment in the future, but knows snapshots that a turned-back clock left there")
    func future() throws {
        let early = Instant.unix(35)
        #expect(throws: WhenError.self) { try resolve(.instant(.unix(1001)), .root) }
        let entry = try index.resolve(
            .instant(.unix(40)),
            in: .root,
            strictlyBefore: false,
            now: early
        )
        #expect(entry.sequence == SequenceNumber(5))
        #expect(throws: WhenError.self) {
            try index.resolve(.instant(.unix(41)), in: .root, strictlyBefore: false, now: early)
        }
    }

    @Test("accepts nothing but a file's sequence when the history is damaged")
    func damage() throws {
        var damaged = index
        damaged.add(.damage)
        let file = HistoryScope.file(FileID(1))
        #expect(
            try damaged.resolve(.sequence(3), in: file, strictlyBefore: false, now: now).sequence
                == SequenceNumber(3)
        )
        for when in [When.latest(back: 0), .instant(.unix(30)), .name("moved"), .latestGood] {
            #expect(throws: HistoryError.self) {
                try damaged.resolve(when, in: file, strictlyBefore: false, now: now)
            }
        }
        #expect(throws: HistoryError.self) {
            try damaged.resolve(.sequence(3), in: file, strictlyBefore: true, now: now)
        }
        #expect(throws: HistoryError.self) {
            try damaged.resolve(.sequence(3), in: .root, strictlyBefore: false, now: now)
        }
    }

    @Test("knows what a file was called and was at each snapshot")
    func declarations() throws {
        let index = SnapshotIndex.madeUp([
            .named(1, "old", .plain), .at(1, 1), .at(2, 2), .named(1, "new", .database), .at(3, 3),
        ])
        #expect(index.declaration(of: FileID(1), at: SequenceNumber(2))?.name == "old")
        #expect(index.declaration(of: FileID(1), at: SequenceNumber(2))?.kind == .plain)
        #expect(index.declaration(of: FileID(1), at: SequenceNumber(3))?.name == "new")
        #expect(index.declaration(of: FileID(2), at: SequenceNumber(3)) == nil)
        #expect(index.path(of: FileID(1), at: SequenceNumber(3)) == "/data/new")
    }

    @Test("finds the state of all files at a sequence")
    func state() {
        #expect(index.state(at: SequenceNumber(3)).map(\.sequence.rawValue) == [3, 2])
        #expect(index.state(at: SequenceNumber(1)).map(\.sequence.rawValue) == [1])
        #expect(index.state(at: SequenceNumber(99)).map(\.sequence.rawValue) == [4, 5])
        #expect(index.state(at: SequenceNumber(0)).isEmpty)
    }
}
