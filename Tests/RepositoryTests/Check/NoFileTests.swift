import Foundation
import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

/// What stands in the place of a file of the repository.
enum NoFile: String, CaseIterable, CustomTestStringConvertible {
    case danglingLink, linkToTheFile, directory, fullDirectory, pipe

    var testDescription: String { rawValue }

    func put(at path: FilePath) throws {
        let aside = path.removingLastComponent().removingLastComponent().appending("taken-away")
        if FileStatus.ifPresent(path) != nil { try Directory.rename(path, to: aside) }
        switch self {
        case .danglingLink:
            try FileManager.default.createSymbolicLink(
                atPath: path.string,
                withDestinationPath: "/no/such/thing"
            )
        case .linkToTheFile:
            try FileManager.default.createSymbolicLink(
                atPath: path.string,
                withDestinationPath: aside.string
            )
        case .directory: try Directory.make(path)
        case .fullDirectory: try Directory.make(path.appending("in/it"))
        case .pipe: try Command.expect("mkfifo", path.string)
        }
    }
}

@Suite("A link, a directory or a pipe in the place of a file", .timeLimit(.minutes(2)))
struct NoFileTests {
    /// Three segments, a base at the front.
    private static func history(isSealed: Bool) throws -> SmallHistory {
        var history = try SmallHistory(SeededRandom(seed: 4))
        history.options.segmentLimit = 400
        let writer = try history.open()
        history.declare(writer, "one.db")
        try history.base(writer, 0, byteCount: 2500)
        _ = try writer.flush()
        for _ in 0..<6 {
            try history.commit(writer, 0, byteCount: 2500)
            _ = try writer.flush()
        }
        if isSealed { try RootCompaction(history.test.root).run() }
        return history
    }

    private static func places(_ test: TestRoot) throws -> [FilePath] {
        let segments = try test.segments()
        #expect(segments.count >= 3)
        return [segments[0], segments[1], segments.last!, try #require(test.bases().first)]
            + ["durable", "lock"].map { test.root.directory.appending($0) }
    }

    @Test(
        "everything ends, the check names it, a repair keeps what came before and loses nothing",
        arguments: NoFile.allCases,
        [false, true]
    )
    func everything(kind: NoFile, isSealed: Bool) throws {
        let original = try Self.history(isSealed: isSealed)
        let snapshots = try original.test.snapshots()
        for path in try Self.places(original.test) {
            try Self.withCopy(of: original) {
                try kind.put(at: path)
                try Self.expectDamage(original, path, snapshots, "\(kind) at \(path)")
                try Self.expectRepaired(original, path, snapshots, "\(kind) at \(path)")
            }
        }
    }

    private static func before(_ path: FilePath, _ snapshots: [SnapshotRecord]) -> Int {
        if path.extension == "base" { return 0 }
        guard let first = SegmentName.parse(path.lastComponent!) else { return snapshots.count }
        return snapshots.count { $0.state.sequence < first }
    }

    private static func expectDamage(
        _ history: SmallHistory,
        _ path: FilePath,
        _ snapshots: [SnapshotRecord],
        _ note: Comment
    ) throws {
        let test = history.test
        let findings = try test.findings()
        #expect(findings.count { $0.severity == .error && $0.file == path } == 1, "\(note): \(findings)")
        #expect(Set(findings).count == findings.count, "\(note): \(findings)")
        for (index, snapshot) in history.expected.prefix(before(path, snapshots)).enumerated() {
            let bytes = try test.rebuild(snapshot.file, at: SequenceNumber(UInt64(index + 1))).bytes
            #expect(bytes == snapshot.bytes, "\(note): snapshot \(index + 1)")
        }
        if before(path, snapshots) < history.expected.count {
            #expect(throws: DamageError.self, note) {
                try test.rebuild(FileID(1), at: SequenceNumber(UInt64(history.expected.count)))
            }
        }
        _ = try RestoreCosts(test.root) { _ in }
        _ = RootStorage(test.root)
        #expect(try test.snapshots().count >= (path.extension == "base" ? 0 : before(path, snapshots)))
    }

    private static func expectRepaired(
        _ history: SmallHistory,
        _ path: FilePath,
        _ snapshots: [SnapshotRecord],
        _ note: Comment
    ) throws {
        let test = history.test
        let (plan, place) = try RootRepair(test.root).run()
        #expect(plan.items.contains { $0.path == path }, "\(note): \(plan.items)")
        #expect(plan.snapshotsKept >= UInt64(before(path, snapshots)), note)
        let aside = try #require(place)
        var name = path
        _ = name.removePrefix(test.root.directory)
        #expect(try FileStatus.unlessMissing(aside.appending(name.components), followingLinks: false) != nil)
        let findings = try test.findings().filter { $0.severity == .error }
        #expect(findings.isEmpty, "\(note): \(findings)")
        let writer = try RootWriter(root: test.root)
        #expect(!writer.notes.contains { $0.severity == .error }, "\(note): \(writer.notes)")
    }

    /// Runs the body, and puts all of the root back.
    private static func withCopy(of history: SmallHistory, _ body: () throws -> Void) throws {
        let root = history.test.root.directory.string
        let copy = history.test.directory.file("copy")
        try Command.expect("cp", "-a", root, copy)
        try body()
        try Command.expect("rm", "-rf", root)
        try Command.expect("mv", copy, root)
    }

    @Test("a segment that goes away between the listing and the look leads to a new look, not to damage")
    func goneMeanwhile() throws {
        let history = try Self.history(isSealed: true)
        let second = try history.test.segments()[1]
        var looks = 0
        let found = try ReplacedSegmentError.retrying { () throws -> Int in
            looks += 1
            var records = 0
            let stream = StreamReader(
                root: history.test.root,
                onSegment: { first, _ in
                    // Another process removes the next one just now, and only that.
                    if looks == 1, first == SequenceNumber(1) { try Directory.remove(second) }
                }
            )
            _ = try stream.run(onFinding: { _ in }) { _, _, _, _ in
                records += 1
                return true
            }
            return records
        }
        #expect(looks == 2 && found > 0)
    }

    @Test("a sealed segment that got the inode of the one before it is another one")
    func inodeComesBack() throws {
        let history = try Self.history(isSealed: true)
        let (test, count) = (history.test, history.expected.count)
        let plans = try RebuildPlans(test.root, wanted: [FileID(1)], upTo: SequenceNumber(UInt64(count)))
        let segment = try test.segments()[0]
        let inode = try FileStatus.of(segment).identity
        let former = FilePath(test.directory.file("former"))
        try Directory.addName(former, to: segment)
        let kept = history.keeping { $0 == count }
        #expect(try RootPruning.runAlone(test.root, kept).removedSnapshots > 0)
        try former.replaceContent(segment.content())
        try Directory.rename(former, to: segment)
        #expect(try FileStatus.of(segment).identity == inode)

        let pass = try RebuildPass(test.root, plans)
        let output = FilePath(test.directory.file("output"))
        _ = try OpenFile(output, .createNew)
        pass.add(FileID(1), try plans.plan(FileID(1), at: SequenceNumber(UInt64(count))), output: output)
        #expect(throws: ReplacedSegmentError.self) { try pass.run() }
        let bytes = try test.rebuild(FileID(1), at: SequenceNumber(UInt64(count))).bytes
        #expect(bytes == history.expected[count - 1].bytes)
    }

    @Test("looks at segments that are replaced each time come to an end")
    func endless() {
        var looks = 0
        #expect(throws: ReplacedSegmentError.self) {
            try ReplacedSegmentError.retrying { () throws -> Void in
                looks += 1
                throw ReplacedSegmentError()
            }
        }
        #expect(looks == 100)
    }

    @Test("what is found before and after a new look is reported once", arguments: [3, 10_000, 25_000])
    func once(count: Int) throws {
        var (looks, reported) = (0, [Finding]())
        try ReplacedSegmentError.retrying(reporting: { reported.append($0) }) { report in
            looks += 1
            for number in 0..<count {
                if looks < 3, number == count - 1 { throw ReplacedSegmentError() }
                try report(Finding(.error, "x", at: UInt64(number), ""))
            }
        }
        #expect(looks == 3 && reported.map(\.offset) == (0..<UInt64(count)).map { $0 })
    }
}

extension Command {
    fileprivate static func expect(_ program: String, _ arguments: String...) throws {
        let result = try run(program, arguments)
        #expect(result.status == 0, "\(result)")
    }
}
