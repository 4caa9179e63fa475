import Foundation
import LinuxSystem
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

@Suite("Repair of a stream with holes")
struct RepairHoleTests {
    private typealias Hole = HoledHistory.Hole

    @Test(
        "whatever is missing or damaged: all that is provable is kept, nothing is deleted, a writer goes on",
        arguments: HoledHistory.Form.allCases,
        [1, 2, 4]
    )
    func holes(form: HoledHistory.Form, count: Int) throws {
        var behind = 0
        var run = LongRun(rounds: Hole.allCases.count)
        while run.next() {
            let random = SeededRandom()
            var scene = try HoledHistory(random, form)
            var holes: [Hole] = [Hole.allCases[run.count % Hole.allCases.count]]
            while holes.count < count {
                holes.append(Hole.allCases.randomElement(using: &scene.history.random)!)
            }
            for hole in holes { try scene.make(hole) }
            behind += try Self.expectRepaired(scene, count, "\(random): \(form), \(holes)")
        }
        #expect(behind > 20 || form == .pruned, "\(behind)")
    }

    /// Returns how many snapshots behind the first loss are kept.
    private static func expectRepaired(
        _ scene: HoledHistory,
        _ holes: Int,
        _ note: Comment
    ) throws -> Int {
        let root = scene.test.root
        let (provable, contents) = (try scene.provable(), try scene.contents())
        let remarks = try scene.remarks()
        let dryRun = try RepairPlan(root)
        let (plan, place) = try RootRepair(root).run()
        #expect(dryRun.items == plan.items && dryRun.lastKept == plan.lastKept, note)
        let counts = [dryRun, plan].map { [$0.snapshotsKept, $0.snapshotsQuarantined] }
        #expect(counts[0] == counts[1], note)
        #expect((place == nil) == plan.isEmpty, note)

        let findings = try scene.test.findings().filter { $0.severity == .error }
        #expect(findings.isEmpty, "\(note): \(findings)")
        let snapshots = try scene.test.snapshots()
        let kept = snapshots.map { Int($0.state.sequence.rawValue) }
        #expect(kept.count == Int(plan.snapshotsKept) && kept.last ?? 0 <= Int(plan.lastKept.rawValue), note)
        let wrong = kept.filter { !scene.restores($0) }
        #expect(wrong.isEmpty, "\(note): \(wrong) of \(kept)")
        let lost = provable.subtracting(kept).sorted()
        // Behind two holes a segment delta of the one cannot prove what lies behind the other.
        if scene.hasNoDeltas || holes == 1 {
            #expect(lost.isEmpty, "\(note): \(lost) of \(scene.all), kept \(kept)")
        }
        let after = try scene.contents()
        // A segment that goes on has its former bytes at its front.
        let deleted = contents.filter { content in !after.contains { $0.starts(with: content) } }
        #expect(deleted.isEmpty, "\(note): \(deleted.map(\.count))")
        let gone = Set(scene.all).subtracting(kept)
        let remarksKept = Set(try scene.remarks())
        #expect(Set(remarks.filter { !gone.contains($0.target) }) == remarksKept, note)
        expectMoments(scene, snapshots, note)
        try expectGoesOn(scene, note)
        #expect(try RootRepair(root).run().place == nil, note)
        let front = zip(kept, scene.all).prefix { $0 == $1 }.count
        return kept.count - front
    }

    @Test("a tag stays on a snapshot that only the segment delta still has")
    func tagOfMendedSnapshot() throws {
        let random = SeededRandom(seed: 12_098_324_736_539_032_166)
        var scene = try HoledHistory(random, .sealed)
        // As `holes` does, which found it.
        let second = try #require(Hole.allCases.randomElement(using: &scene.history.random))
        for hole in [Hole.flippedByte, second] { try scene.make(hole) }
        _ = try Self.expectRepaired(scene, 2, "\(random)")
    }

    @Test(
        "single losses that `holes` has found",
        arguments: [
            // A base whose snapshot is lost proves nothing of what a new writer has written.
            11_465_672_885_032_246_469,
            // A file whose declaration is lost takes no snapshot of another one with it.
            4_227_058_038_721_643_542,
        ] as [UInt64]
    )
    func found(seed: UInt64) throws {
        let random = SeededRandom(seed: seed)
        var scene = try HoledHistory(random, .sealed)
        try scene.make(.flippedByte)
        _ = try Self.expectRepaired(scene, 1, "\(random)")
    }

    @Test("a segment delta that is lost says of no file that it did not change")
    func lostDelta() throws {
        var history = try SmallHistory(SeededRandom())
        history.options.segmentLimit = 1
        do {
            let writer = try history.open()
            for name in ["one.db", "two.db"] {
                history.declare(writer, FilePath(name), pageSize: 4096)
            }
            // What changes in the second segment is too much for one segment delta.
            for byteCount in [9000, 4_000_000, 4_000_000, 4_000_000] {
                for index in 0..<2 { try history.commit(writer, index, byteCount: byteCount) }
                _ = try writer.flush()
            }
        }
        try RootCompaction(history.test.root).run()
        try history.test.segments()[1].flipByte(at: 64 + RecordHeader.byteCount + 100)
        let note: Comment = "\(history.random)"
        _ = try RootRepair(history.test.root).run()
        #expect(try history.test.findings().filter { $0.severity == .error } == [], note)
        let kept = Set(try history.test.snapshots().map(\.state.sequence.rawValue))
        #expect(kept.isSuperset(of: [1, 2, 4, 6]) && kept.isDisjoint(with: [3, 5, 7]), "\(note): \(kept)")
    }

    @Test("the data of a block is lost: a snapshot whose base is its image is kept, those after it are not")
    func lostBlockData() throws {
        var history = try SmallHistory(SeededRandom(seed: 9_095_809_095_361_291_925))
        history.options.segmentLimit = 1
        do {
            let writer = try history.open()
            for name in ["one.db", "two.db"] { history.declare(writer, FilePath(name)) }
            try history.commit(writer, 0, byteCount: 6000)
            try history.quietBase(writer, 0, byteCount: 6000)
            for index in [0, 1] { try history.commit(writer, index, byteCount: 6000) }
            for index in [0, 1] { try history.quietBase(writer, index, byteCount: 6000) }
            for index in [1, 0] { try history.commit(writer, index, byteCount: 6000) }
            _ = try writer.flush()
            for index in [0, 1] { try history.commit(writer, index, byteCount: 6000) }
            _ = try writer.flush()
        }
        try RootCompaction(history.test.root).run()
        let note: Comment = "\(history.random)"
        // The data of the block cannot be decompressed without that of the segment delta.
        try history.test.segments()[0].flipByte(at: 64 + RecordHeader.byteCount + 100)
        _ = try RootRepair(history.test.root).run()
        #expect(try history.test.findings().filter { $0.severity == .error } == [], note)
        let kept = try history.test.snapshots().map { Int($0.state.sequence.rawValue) }
        // A later commit that wrote all the pages of the lost ones is proven too.
        #expect(Set(kept).isSuperset(of: [2, 5, 6]), "\(note): \(kept)")
        #expect(Set(kept).isDisjoint(with: [1, 3, 4, 7, 8]), "\(note): \(kept)")
        #expect(history.firstWrong { kept.contains($0) } == nil, note)
    }

    /// As of a moment every file is what it was then.
    private static func expectMoments(_ scene: HoledHistory, _ snapshots: [SnapshotRecord], _ note: Comment) {
        func newest(_ numbers: [Int], _ file: FileID, _ moment: Int) -> Int? {
            numbers.last { $0 <= moment && scene.history.expected[$0 - 1].file == file }
        }
        let kept = snapshots.map { Int($0.state.sequence.rawValue) }
        for moment in snapshots where moment.isConsistentPoint {
            let number = Int(moment.state.sequence.rawValue)
            for file in scene.history.files.map(\.id) {
                let isSame = newest(kept, file, number) == newest(scene.all, file, number)
                #expect(isSame, "\(note): moment \(number), file \(file)")
            }
        }
    }

    /// A writer changes one page of every file, whose others are as they were at the last snapshot that is
    /// kept.
    private static func expectGoesOn(_ scene: HoledHistory, _ note: Comment) throws {
        let before = try scene.test.snapshots()
        var written: [(file: FileID, sequence: SequenceNumber, bytes: [UInt8])] = []
        do {
            let writer = try RootWriter(root: scene.test.root, options: scene.history.options)
            #expect(!writer.notes.contains { $0.severity == .error }, "\(note): \(writer.notes)")
            for name in ["one.db", "sub/two.db", "three.db", "four.db"] {
                let id = writer.declare(name: FilePath(name), kind: .database)
                var model = ModelFile(id, PageSize(bytes: 512)!)
                let last = before.last { $0.file == id }
                if let last {
                    model.image = scene.history.expected[Int(last.state.sequence.rawValue) - 1].bytes
                }
                var pages = PageSet(pageSize: model.pageSize)
                let page = [UInt8](repeating: UInt8(7), count: 512)
                pages.append(PageNumber(2), unsafe page.span.bytes)
                if last == nil { pages.append(PageNumber(1), unsafe page.span.bytes) }
                let shape = ImageSize(
                    pageSize: model.pageSize,
                    byteCount: UInt64(max(1024, model.image.count))
                )!
                let changes = Changes(file: id, time: .now, event: .commit, shape: shape, pages: pages)
                model.apply(changes)
                let sequence = try #require(try writer.stage(changes), note)
                written.append((id, sequence, model.image))
                _ = try writer.flush()
            }
        }
        for snapshot in written {
            #expect(snapshot.sequence > before.last?.state.sequence ?? .none, note)
            let bytes = try scene.test.rebuild(snapshot.file, at: snapshot.sequence).bytes
            let isSame = bytes == snapshot.bytes
            #expect(isSame, "\(note): \(snapshot.sequence)")
        }
        #expect(try !scene.test.findings().contains { $0.severity == .error }, note)
    }

    @Test(
        "wherever a repair fails or is interrupted, the next one keeps the same",
        arguments: HoledHistory.Form.allCases
    )
    func interrupted(form: HoledHistory.Form) throws {
        for holes in [[Hole.flippedByte, .missingSegment], [.missingBase, .cutSegment]] {
            let random = SeededRandom()
            var scene = try HoledHistory(random, form)
            for hole in holes { try scene.make(hole) }
            let root = scene.test.root.directory.string
            let saved = scene.test.directory.file("saved")
            try FileManager.default.copyItem(atPath: root, toPath: saved)
            func putBack() throws {
                try FileManager.default.removeItem(atPath: root)
                try FileManager.default.copyItem(atPath: saved, toPath: root)
            }
            _ = try RootRepair(scene.test.root).run()
            let wanted = try scene.test.snapshots().map(\.state.sequence)
            for index in stride(from: Int.random(in: 0..<3, using: &scene.history.random), to: 400, by: 3) {
                try putBack()
                let contents = try scene.contents()
                let fault = Fault.failing(&scene.history.random)
                let calls = NthFails(index, fault, failsOn: Bool.random(using: &scene.history.random))
                Faults.arm { point, _ in calls.plan(point) }
                _ = try? RootRepair(scene.test.root).run()
                Faults.arm(nil)
                let note: Comment = "\(random): \(form), \(holes), call \(index)"
                _ = try RootRepair(scene.test.root).run()
                let kept = try scene.test.snapshots().map(\.state.sequence)
                #expect(kept == wanted, "\(note): \(kept), not \(wanted)")
                #expect(try !scene.test.findings(readingData: false).contains { $0.severity == .error }, note)
                let after = try scene.contents()
                #expect(contents.allSatisfy { content in after.contains { $0.starts(with: content) } }, note)
                if !calls.hasFired { break }
                try #require(index < 397, "a repair has no four hundred calls")
            }
        }
    }
}
