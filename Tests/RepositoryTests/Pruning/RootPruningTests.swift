import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

@Suite("Pruning")
struct RootPruningTests {
    /// Many small commits to two files, the first on a base, in segments of some thousand bytes.
    private static func history(commits: Int = 200) throws -> SmallHistory {
        var history = try SmallHistory(SeededRandom())
        history.options.segmentLimit = 10_000
        let writer = try history.open()
        history.declare(writer, "one.db")
        history.declare(writer, "two.db")
        try history.base(writer, 0, byteCount: 9000)
        for number in 0..<commits {
            try history.commit(writer, number % 3 == 0 ? 1 : 0, byteCount: 9000 - number % 7 * 300)
            _ = try writer.flush()
        }
        return history
    }

    private func present(_ history: SmallHistory) throws -> [Int] {
        try history.test.snapshots().map { Int($0.state.sequence.rawValue) }
    }

    @Test(
        "what stays is what it was, what goes is gone with its room, and a second time nothing is left to do"
    )
    func removes() throws {
        let history = try Self.history()
        let segments = try history.test.root.segments()
        #expect(segments.count > 3)
        // What is in the last segment is not touched, nor what of each file stands at its first snapshot.
        let last = Int(try #require(segments.last).rawValue)
        let scope = history.files.map { file in
            history.expected[..<(last - 1)].lastIndex { $0.file == file.id }.map { $0 + 1 }
        }
        let stays = { (number: Int) in number % 20 == 0 || number >= last || scope.contains(number) }
        let before = RootStorage(history.test.root).sizes.total
        let outcome = try RootPruning(history.test.root).run(history.keeping { $0 % 20 == 0 })
        let kept = (1...history.expected.count).filter(stays)
        #expect(try present(history) == kept, "\(history.random)")
        #expect(outcome.removedSnapshots == history.expected.count - kept.count)
        #expect(RootStorage(history.test.root).sizes.total == before - outcome.freedBytes)
        #expect(outcome.freedBytes > before / 4, "\(history.random): \(outcome.freedBytes) of \(before)")
        #expect(history.firstWrong(where: stays) == nil, "\(history.random)")
        #expect(try history.test.findings().isEmpty, "\(history.random)")
        #expect(try history.test.root.segments().count == 2)
        let again = try RootPruning(history.test.root).run(history.keeping { $0 % 20 == 0 })
        #expect(again == RootPruning.Outcome(), "\(history.random)")
        #expect(try RootCompaction(history.test.root).run() == 0)
    }

    @Test("a writer goes on behind what was pruned, and what it adds can be pruned again")
    func goesOn() throws {
        var history = try Self.history()
        let stays = { (number: Int) in number % 20 == 0 || number > 300 }
        for _ in 0..<2 {
            _ = try RootPruning(history.test.root).run(history.keeping(stays))
            let writer = try history.open()
            #expect(writer.notes.isEmpty, "\(history.random): \(writer.notes)")
            for number in 0..<60 {
                try history.commit(writer, number % 2, byteCount: 9000)
                _ = try writer.flush()
            }
        }
        let kept = Set(try present(history))
        #expect(history.firstWrong(where: kept.contains) == nil, "\(history.random)")
        #expect(history.firstWrongMoment(where: kept.contains) == nil, "\(history.random)")
        #expect((1...history.expected.count).filter(stays).allSatisfy(kept.contains), "\(history.random)")
        #expect(try history.test.findings().isEmpty, "\(history.random)")
    }

    @Test("who asks for what lies between gets the newest before it that stays")
    func between() throws {
        let history = try Self.history()
        _ = try RootPruning(history.test.root, groupBytes: 5000).run(history.keeping { $0 % 7 == 0 })
        #expect(try history.test.root.segments().count > 2, "\(history.random)")
        let kept = Set(try present(history))
        #expect(history.firstWrongMoment(where: kept.contains) == nil, "\(history.random)")
    }

    @Test("a dry run says what is freed then, and changes nothing, whichever of its calls fails")
    func dryRun() throws {
        let history = try Self.history(commits: 90)
        let kept = history.keeping { $0 % 11 == 0 }
        let root = history.test.root
        let names = { try Directory.names(in: root.directory).map(\.string).sorted() }
        let before = (try names(), try history.test.segments().map { try $0.content() })
        var outcome: RootPruning.Outcome?
        for index in 0..<1000 where outcome == nil {
            // Which code it is makes no difference to what is on the disk.
            let faults = NthFails(index, .fails(errno: Fault.codes[index % 4].rawValue))
            Faults.arm { point, _ in faults.plan(point) }
            let result = Result { try PruningDryRun(root).run(kept) }
            Faults.arm(nil)
            if !faults.hasFired { outcome = try result.get() }
            #expect(
                try history.test.segments().map { try $0.content() } == before.1,
                "\(history.random), call \(index)"
            )
        }
        // What a failed one could not remove, the next one does.
        #expect(try names() == before.0, "\(history.random)")
        #expect(try RootPruning.runAlone(root, kept) == outcome, "\(history.random)")
        #expect(outcome?.removedSnapshots ?? 0 > 50, "\(history.random)")
    }

    @Test("a base goes when nothing is built on it any more")
    func unusedBase() throws {
        var history = try Self.history(commits: 40)
        let writer = try history.open()
        try history.base(writer, 0, byteCount: 8000)
        for _ in 0..<60 {
            try history.commit(writer, 0, byteCount: 8000)
            _ = try writer.flush()
        }
        let bases = { try Directory.names(in: history.test.root.basesDirectory).count }
        #expect(try bases() == 2)
        let end = history.expected.count
        _ = try RootPruning(history.test.root).run(history.keeping { $0 > end - 30 })
        #expect(try bases() == 1)
        #expect(history.firstWrong { $0 > end - 30 } == nil, "\(history.random)")
        #expect(try history.test.findings().isEmpty, "\(history.random)")
    }

    @Test("a base moves forward when most of the image has changed, and the old one goes")
    func movedBase() throws {
        var history = try Self.history(commits: 100)
        let writer = try history.open()
        for _ in 0..<20 {
            try history.commit(writer, 0, byteCount: 11_000)
            _ = try writer.flush()
        }
        let names = { try Directory.names(in: history.test.root.basesDirectory).map(\.string) }
        #expect(try names() == ["1-1.base"])
        let stays = { (number: Int) in number >= 60 }
        let outcome = try RootPruning(history.test.root).run(history.keeping(stays))
        let moved = try names()
        let isMoved = moved.count == 1 && moved[0] != "1-1.base"
        #expect(isMoved, "\(history.random): \(moved)")
        #expect(outcome.removedSnapshots == 59)
        #expect(history.firstWrong(where: stays) == nil, "\(history.random)")
        #expect(try history.test.findings().isEmpty, "\(history.random)")
    }

    @Test("whichever call fails, what stays is what it was, and the next try goes on")
    func faults() throws {
        let stays = { (number: Int) in number % 10 == 0 || number > 50 }
        for index in 0..<500 {
            let history = try Self.history(commits: 60)
            // Which code it is makes no difference to what is on the disk.
            let faults = NthFails(index, .fails(errno: Fault.codes[index % 4].rawValue))
            Faults.arm { point, _ in faults.plan(point) }
            _ = try? RootPruning(history.test.root).run(history.keeping(stays))
            Faults.arm(nil)
            let note: Comment = "\(history.random), call \(index)"
            #expect(history.firstWrong(where: stays) == nil, note)
            #expect(try history.test.findings(readingData: false).isEmpty, note)
            guard faults.hasFired else { return }
            _ = try RootPruning(history.test.root).run(history.keeping(stays))
            #expect(history.firstWrong(where: stays) == nil, note)
            #expect(try history.test.findings(readingData: false).isEmpty, note)
            #expect(try present(history).count < history.expected.count, note)
        }
        Issue.record("pruning has no five hundred calls")
    }

    @Test("when it is to end it ends, and all is what it was")
    func interrupted() throws {
        let history = try Self.history()
        var calls = 0
        let outcome = try RootPruning(history.test.root).run(history.keeping { $0 % 20 == 0 }) {
            calls += 1
            return calls < 20
        }
        #expect(outcome == RootPruning.Outcome())
        #expect(history.firstWrong() == nil, "\(history.random)")
    }

    @Test("segments that others replace, and that a crash has left, mean nothing and are taken away")
    func replacedSegments() throws {
        let history = try Self.history()
        let paths = try history.test.segments()
        let contents = try paths.map { try $0.content() }
        let end = history.expected.count
        let stays = { (number: Int) in number % 20 == 0 || number == end }
        _ = try RootPruning(history.test.root).run(history.keeping(stays))
        let left = try history.test.segments()
        for (path, content) in zip(paths, contents) where !left.contains(path) {
            try path.replaceContent(content)
        }
        #expect(try history.test.segments() == paths)
        #expect(history.firstWrong(where: stays) == nil, "\(history.random)")
        #expect(try history.test.findings().isEmpty, "\(history.random)")
        _ = try RootPruning(history.test.root).run(history.keeping(stays))
        #expect(try history.test.segments() == left)
    }

    @Test("bases that a crash has left, and that nothing names, are taken away when no writer is there")
    func unnamedBases() throws {
        let history = try Self.history()
        let bases = history.test.root.basesDirectory
        let content = try bases.appending("1-1.base").content()
        for name in ["7-1.base", "8-x.base", "07-1.base"] {
            try OpenFile(bases.appending(name), .updateOrCreate).write(unsafe content.span.bytes, at: 0)
        }
        let before = RootStorage(history.test.root).sizes.total
        let end = history.expected.count
        let outcome = try RootPruning.runAlone(
            history.test.root,
            history.keeping { $0 % 20 == 0 || $0 == end }
        )
        let left = try Directory.names(in: bases).map(\.string)
        #expect(!left.contains("7-1.base") && Set(left).isSuperset(of: ["8-x.base", "07-1.base"]), "\(left)")
        let after = RootStorage(history.test.root).sizes.total
        #expect(after == before - outcome.freedBytes, "\(history.random)")
        #expect(history.firstWrong { $0 % 20 == 0 || $0 == end } == nil, "\(history.random)")
    }

    @Test("an unfinished write at the end of a segment does not keep the snapshots in it or before it")
    func tornSegments() throws {
        var history = try Self.history(commits: 2)
        let segments = history.test.root.segmentsDirectory
        // Each writer is killed amid a write.
        for _ in 0..<4 {
            do {
                let writer = try history.open()
                for number in 0..<20 { try history.commit(writer, number % 2, byteCount: 9000) }
                _ = try writer.flush()
            }
            let last = try #require(history.test.segments().last)
            try last.replaceContent(last.content() + history.random.bytes(50))
        }
        let torn = try history.test.findings()
        #expect(torn.count > 3 && torn.allSatisfy { $0.severity == .warning }, "\(torn)")
        try OpenFile(history.test.root.basesDirectory.appending("7-1.base"), .updateOrCreate).truncate(to: 9)
        let end = history.expected.count
        let stays = { (number: Int) in number % 20 == 0 || number == end }
        let outcome = try RootPruning.runAlone(history.test.root, history.keeping(stays))
        // What the last segment has stays, for a write is unfinished at its end. So does the state before it.
        let last = try Int(#require(history.test.root.segments().last).rawValue)
        #expect(outcome.removedSnapshots > 40, "\(history.random): \(outcome)")
        #expect(try present(history).filter { $0 < last - 2 }.allSatisfy(stays), "\(history.random)")
        #expect(history.firstWrong { stays($0) || $0 >= last } == nil, "\(history.random)")
        #expect(try history.test.findings().count <= 1, "\(history.random)")
        #expect(try Directory.names(in: segments).count == 2, "\(history.random)")
        let bases = try Directory.names(in: history.test.root.basesDirectory).map(\.string)
        #expect(!bases.contains("7-1.base"), "\(bases)")
    }

    @Test("between the snapshots that stay, it is still known whether a writer began")
    func sessions() throws {
        var history = try Self.history(commits: 2)
        for _ in 0..<30 {
            let writer = try history.open()
            for number in 0..<Int.random(in: 1...6, using: &history.random) {
                try history.commit(writer, number % 2, byteCount: 2000)
            }
            _ = try writer.flush()
        }
        let stays = { (number: Int) in number % 5 == 0 }
        let before = try starts(history, of: stays)
        let outcome = try RootPruning.runAlone(history.test.root, history.keeping(stays))
        #expect(outcome.removedSnapshots > 40, "\(history.random)")
        let after = try starts(history, of: stays)
        #expect(after == before && before.count > 5, "\(history.random): \(before), now \(after)")
        #expect(history.firstWrong(where: stays) == nil, "\(history.random)")
    }

    /// How many of some snapshots are before the starts of writers, each number once.
    private func starts(_ history: SmallHistory, of counts: (Int) -> Bool) throws -> Set<Int> {
        var (starts, count) = (Set<Int>(), 0)
        try RootHistory(history.test.root).visit { event in
            switch event {
            case .session: starts.insert(count)
            case .snapshot(let record) where counts(Int(record.state.sequence.rawValue)): count += 1
            default: break
            }
        }
        return starts
    }
}
