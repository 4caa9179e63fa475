import LinuxSystem
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

/// Drives a writer and a model of it through the same random history.
struct RandomHistory {
    struct Expected {
        let file: FileID
        let bytes: [UInt8]
        let pageSize: PageSize
        let event: SnapshotEvent
        /// What the clock said.
        let time: Instant
    }

    let test: TestRoot
    var random: SeededRandom
    var writer: RootWriter
    var files: [ModelFile] = []
    /// Every staged snapshot; those up to `durableCount` are flushed.
    var expected: [Expected] = []
    var durableCount = 0
    /// Snapshots that retention let go, by index of `expected`; where they were not rewritten they are still
    /// there.
    private(set) var unkept: Set<Int> = []
    private(set) var removedCount = 0
    /// A call has failed: a segment that ends in a write cut short by that is never sealed.
    private(set) var hasFailed = false
    private var durableFiles: [ModelFile] = []
    private var clock: Int64 = 1_700_000_000_000_000_000
    var options = RootWriter.Options()
    /// Mirrors are damaged at any time, with what they contained before; and how often one was found so.
    let damagesMirrors: Bool
    var lostMirrors = 0
    var formerMirrors: [FileID: [UInt8]] = [:]
    /// A copy that is being made.
    var copy: HistoryCopy?

    init(seed: UInt64, damagesMirrors: Bool = false) throws {
        self.damagesMirrors = damagesMirrors
        test = try TestRoot()
        random = SeededRandom(seed: seed)
        options.segmentLimit = UInt64.random(in: 1_000...30_000, using: &random)
        writer = try RootWriter(root: test.root, options: options)
    }

    /// Mostly forward, now and then back, or set by up to a year: the writer has to bear it.
    mutating func tick() -> Instant {
        let isSet = Int.random(in: 0..<40, using: &random) == 0
        let most: Int64 = isSet ? 31_536_000_000_000_000 : 1_000_000
        clock += Int64.random(in: (isSet ? -most : -1000)...most, using: &random)
        return Instant(nanoseconds: clock)
    }

    mutating func step() throws {
        if files.isEmpty || (files.count < 4 && Int.random(in: 0..<10, using: &random) == 0) {
            let size = PageSize(bytes: [512, 1024, 4096].randomElement(using: &random)!)!
            let name = FilePath("dir/file-\(files.count)")
            files.append(ModelFile(writer.declare(name: name, kind: .database), size))
        }
        let index = Int.random(in: 0..<files.count, using: &random)
        if damagesMirrors, Int.random(in: 0..<3, using: &random) == 0 { try damageMirror(files[index].id) }
        try goOnCopying()
        switch Int.random(in: 0..<46, using: &random) {
        case 0...22: try change(index, startsFresh: false)
        case 23...24: try change(index, startsFresh: true)
        case 25: try delete(index)
        case 26...28: try unfinished(index)
        case 29...31:
            let isAbandoned = Int.random(in: 0..<4, using: &random) == 0
            try unlessMirrorIsLost(index) { try $0.base(index, isAbandoned: isAbandoned) }
        case 32: try remark()
        case 33...36: try flush()
        case 37: try seal()
        case 38: try prune()
        case 39...41: try failing { try $0.work() }
        case 42...43: try killed { try $0.work() }
        case 44: try beginCopy()
        default: try reopen()
        }
    }

    /// Stages changes, tells the model, and compares what the writer says.
    mutating func stage(_ changes: Changes, _ index: Int, mayMakeSnapshot: Bool = true) throws {
        let sequence = try rebuildingMirror(changes.file) { try $0.stage(changes) }
        let before = files[index]
        files[index].apply(changes)
        guard mayMakeSnapshot else {
            #expect(sequence == nil, "\(random)")
            return
        }
        let isPresent = changes.event != .deleted
        let isSame =
            before.finished.map {
                $0.bytes == files[index].image && $0.pageSize == files[index].pageSize
                    && $0.isPresent == isPresent
            } ?? !isPresent
        if isSame && !changes.startsFresh {
            #expect(sequence == nil, "\(random): unchanged, and yet a snapshot")
        } else {
            #expect(sequence != nil, "\(random): changed, and no snapshot")
        }
        if let sequence { made(sequence, index, changes.event) }
    }

    mutating func made(_ sequence: SequenceNumber, _ index: Int, _ event: SnapshotEvent) {
        let time = Instant(nanoseconds: clock)
        expected.append(
            Expected(
                file: files[index].id,
                bytes: files[index].image,
                pageSize: files[index].pageSize,
                event: event,
                time: time
            )
        )
        #expect(sequence.rawValue == UInt64(expected.count), "\(random)")
        files[index].finished = (files[index].image, files[index].pageSize, event != .deleted)
    }

    mutating func changes(_ index: Int, startsFresh: Bool) -> Changes {
        let file = files[index]
        var edited = file
        if startsFresh {
            edited.image = []
            edited.pageSize = PageSize(bytes: [512, 1024, 4096].randomElement(using: &random)!)!
        }
        let length = startsFresh ? Int.random(in: 0...20_000, using: &random) : file.nextLength(&random)
        let shape = ImageSize(pageSize: edited.pageSize, byteCount: UInt64(min(length, 60_000)))!
        return Changes(
            file: file.id,
            time: tick(),
            event: startsFresh ? .replaced : .commit,
            shape: shape,
            startsFresh: startsFresh,
            pages: edited.edits(&random, pageCount: Int(shape.pageCount.rawValue) + 1)
        )
    }

    private mutating func change(_ index: Int, startsFresh: Bool) throws {
        try stage(changes(index, startsFresh: startsFresh || files[index].finished == nil), index)
    }

    private mutating func delete(_ index: Int) throws {
        let changes = Changes(
            file: files[index].id,
            time: tick(),
            event: .deleted,
            shape: files[index].shape,
            pages: PageSet(pageSize: files[index].pageSize)
        )
        try stage(changes, index)
    }

    /// A snapshot in parts, with flushes and commits of others in between.
    private mutating func unfinished(_ index: Int) throws {
        guard files[index].finished != nil else { return }
        try unlessMirrorIsLost(index) { try $0.unfinishedParts(index) }
    }

    private mutating func unfinishedParts(_ index: Int) throws {
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            var changes = changes(index, startsFresh: false)
            changes.isFinal = Bool.random(using: &random)
            if !writer.isUnfinished(files[index].id) { changes.isFinal = false }
            try stage(changes, index, mayMakeSnapshot: false)
            if Int.random(in: 0..<4, using: &random) == 0 { try flush() }
            let other = Int.random(in: 0..<files.count, using: &random)
            if other != index, files[other].finished != nil { try change(other, startsFresh: false) }
            if Int.random(in: 0..<12, using: &random) == 0 { return try reopen() }
        }
        let (event, time) = (SnapshotEvent.scan, tick())
        let sequence = try writer.finish(files[index].id, event: event, time: time, shape: files[index].shape)
        if let sequence { made(sequence, index, event) }
        let isSame = files[index].finished?.bytes == files[index].image
        #expect(isSame, "\(random): the end of an unfinished snapshot was forgotten")
    }

    private mutating func remark() throws {
        let time = tick()
        try writer.stageGap(Gap(from: time, to: time, reason: "a test"))
        try writer.stageAnnotation(
            Annotation(.tag, target: writer.lastSequence, fields: ["name": "x"], time: time)
        )
    }

    /// Seals what can be, beside the writer.
    mutating func seal() throws {
        try RootCompaction(test.root).run()
    }

    /// Lets some of what is durable go, beside the writer. The newest of each file stays.
    mutating func prune() throws {
        var newest: Set<FileID> = []
        for (index, snapshot) in expected[..<durableCount].enumerated().reversed()
        where !newest.insert(snapshot.file).inserted && Int.random(in: 0..<4, using: &random) > 0 {
            unkept.insert(index)
        }
        let kept = (0..<durableCount).filter { !unkept.contains($0) }.map {
            (sequence: SequenceNumber(UInt64($0 + 1)), isConsistentPoint: $0 % 3 > 0)
        }
        let outcome = try RootPruning(test.root)
            .run(KeptSnapshots(kept, upTo: SequenceNumber(UInt64(durableCount))))
        removedCount += outcome.removedSnapshots
        copy?.isPruned = true
    }

    /// What the check finds, apart from writes that a kill has cut off.
    func findings() throws -> [Finding] {
        try test.findings().filter { !(hasFailed && $0.severity == .warning) }
    }

    mutating func flush() throws {
        let sequence = try writer.flush()
        #expect(sequence.rawValue == UInt64(expected.count), "\(random)")
        durableCount = expected.count
        durableFiles = files
    }

    /// Does something of which one call may fail, then makes everything durable.
    private mutating func failing(_ body: (inout Self) throws -> Void) throws {
        let faults = NthFails(Int.random(in: 0..<30, using: &random), Fault.failing(&random))
        Faults.arm { point, _ in faults.plan(point) }
        defer { Faults.arm(nil) }
        do { try body(&self) } catch is SystemError {}
        Faults.arm(nil)
        if faults.hasFired { hasFailed = true }
        try flush()
    }

    /// Something that makes many calls.
    private mutating func work() throws {
        switch Int.random(in: 0..<3, using: &random) {
        case 0: try seal()
        case 1: try prune()
        default: _ = try writer.flush()
        }
    }

    /// Does something amid which the process ends: one call is done in part or not at all, and none after it.
    private mutating func killed(_ body: (inout Self) throws -> Void) throws {
        let fault: Fault =
            Bool.random(using: &random)
            ? .failing(&random) : .writesOnly(byteCount: Int.random(in: 1...2_000, using: &random))
        let faults = NthFails(Int.random(in: 0..<30, using: &random), fault, failsOn: true)
        Faults.arm { point, _ in faults.plan(point) }
        defer { Faults.arm(nil) }
        do { try body(&self) } catch is SystemError {}
        Faults.arm(nil)
        try reopenWriter()
        if faults.hasFired { hasFailed = true }
        // What was written before may be there as a whole, in part, or not.
        let count = Int(writer.lastSequence.rawValue)
        #expect((durableCount...expected.count).contains(count), "\(random): \(count) of \(durableCount)")
        durableCount = count
        durableFiles = files.filter { writer.files[$0.id] != nil }
        for index in durableFiles.indices {
            let last = expected[..<count].last { $0.file == durableFiles[index].id }
            durableFiles[index].finished = last.map { ($0.bytes, $0.pageSize, $0.event != .deleted) }
        }
        try expectReopened()
    }

    /// A new writer, as after a crash: what was not flushed is gone, and so is what was unfinished.
    mutating func reopen() throws {
        try reopenWriter()
        try expectReopened()
    }

    private mutating func expectReopened() throws {
        expected.removeLast(expected.count - durableCount)
        unkept = unkept.filter { $0 < durableCount }
        files = durableFiles
        for index in files.indices {
            files[index].image = files[index].finished?.bytes ?? []
            files[index].pageSize = files[index].finished?.pageSize ?? files[index].pageSize
        }
        #expect(writer.lastSequence.rawValue == UInt64(durableCount), "\(random)")
        for file in files {
            let known = writer.files[file.id]?.last
            #expect(known?.shape.byteCount == file.finished.map { UInt64($0.bytes.count) }, "\(random)")
        }
    }

    private mutating func reopenWriter() throws {
        // The old one has to let go of the lock first.
        let parked = try TestRoot()
        writer = try RootWriter(root: parked.root)
        writer = try RootWriter(root: test.root, options: options)
    }

    /// Where two images differ first, for people.
    static func difference(_ left: [UInt8], _ right: [UInt8]) -> String? {
        guard left != right else { return nil }
        let at = zip(left, right).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        return
            "\(left.count) and \(right.count) bytes, first difference at \(at ?? min(left.count, right.count))"
    }

    /// Rebuilds every durable snapshot that is still there, and all that was kept must be.
    func verify() throws {
        let present = Set(try test.snapshots().map(\.state.sequence))
        for (index, expected) in expected[..<durableCount].enumerated() {
            let sequence = SequenceNumber(UInt64(index + 1))
            guard present.contains(sequence) else {
                #expect(unkept.contains(index), "\(random): snapshot \(sequence) is gone")
                continue
            }
            let (state, bytes) = try test.rebuild(expected.file, at: sequence)
            #expect(state.sequence == sequence && state.event == expected.event, "\(random) \(sequence)")
            #expect(state.time == expected.time, "\(random) \(sequence)")
            let difference = Self.difference(bytes, expected.bytes)
            #expect(difference == nil, "\(random): snapshot \(sequence) of file \(expected.file)")
        }
    }
}
