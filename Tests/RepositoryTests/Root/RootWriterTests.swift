import LinuxSystem
import SQLiteFiles
import SystemPackage
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

@Suite("Root writer")
struct RootWriterTests {
    private static let size = PageSize(bytes: 512)!

    private static func pages(_ contents: [UInt32: UInt8]) -> PageSet {
        var set = PageSet(pageSize: size)
        for (number, byte) in contents.sorted(by: { $0.key < $1.key }) {
            let content = [UInt8](repeating: byte, count: 512)
            set.append(PageNumber(number), unsafe content.span.bytes)
        }
        return set
    }

    private static func changes(
        _ file: FileID,
        _ contents: [UInt32: UInt8],
        pageCount: UInt32 = 4,
        at time: Int64 = 1,
        _ event: SnapshotEvent = .commit
    ) -> Changes {
        Changes(
            file: file,
            time: Instant(nanoseconds: time),
            event: event,
            shape: ImageSize(pageSize: size, pageCount: PageCount(pageCount)),
            pages: pages(contents)
        )
    }

    @Test("a part without pages keeps what follows from being a snapshot by itself")
    func emptyPart() throws {
        let test = try TestRoot()
        let writer = try RootWriter(root: test.root)
        let file = writer.declare(name: "a.db", kind: .database)
        #expect(try writer.stage(Self.changes(file, [1: 1])) == SequenceNumber(1))
        var part = Self.changes(file, [:])
        part.isFinal = false
        #expect(try writer.stage(part) == nil)
        #expect(try writer.stage(Self.changes(file, [3: 3])) == nil)
        let shape = writer.latestShape(of: file)!
        let end = Instant(nanoseconds: 9)
        #expect(try writer.finish(file, event: .scan, time: end, shape: shape) == SequenceNumber(2))

        // Alone it is nothing.
        #expect(try writer.stage(part) == nil)
        #expect(try writer.finish(file, event: .scan, time: end, shape: shape) == nil)
        #expect(!writer.isUnfinished(file))
    }

    @Test("where a database and a plain file change within one flush, its end is the only moment in it")
    func joinedMoments() throws {
        let test = try TestRoot()
        let writer = try RootWriter(root: test.root)
        let database = writer.declare(name: "a.db", kind: .database)
        let notes = writer.declare(name: "notes", kind: .plain)
        for file in [database, notes] { _ = try writer.stage(Self.changes(file, [1: 1], .baseline)) }
        _ = try writer.flush()
        for content in UInt8(2)...3 {
            _ = try writer.stage(Self.changes(database, [1: content]))
            _ = try writer.stage(Self.changes(database, [2: content]))
            _ = try writer.stage(Self.changes(notes, [1: content]))
            _ = try writer.stage(Self.changes(database, [3: content]))
            _ = try writer.stage(Self.changes(database, [4: content]))
            _ = try writer.flush()
        }
        for content in UInt8(4)...5 { _ = try writer.stage(Self.changes(database, [1: content])) }
        _ = try writer.flush()
        let moments = try test.snapshots().filter(\.isConsistentPoint).map { Int($0.state.sequence.rawValue) }
        #expect(moments == [1, 2, 7, 12, 13, 14])
        #expect(try test.findings().isEmpty)
    }

    @Test("commits only add to an unfinished snapshot, until something closes it")
    func unfinished() throws {
        let test = try TestRoot()
        let writer = try RootWriter(root: test.root)
        let file = writer.declare(name: "a.db", kind: .database)
        #expect(try writer.stage(Self.changes(file, [1: 1])) == SequenceNumber(1))
        var part = Self.changes(file, [2: 2])
        part.isFinal = false
        #expect(try writer.stage(part) == nil)
        #expect(writer.isUnfinished(file))
        #expect(try writer.stage(Self.changes(file, [3: 3])) == nil)
        #expect(try writer.stage(Self.changes(file, [3: 4])) == nil)
        let shape = writer.latestShape(of: file)!
        let time = Instant(nanoseconds: 9)
        #expect(
            try writer.finish(file, event: .scan, time: time, shape: shape, coalesced: 5) == SequenceNumber(2)
        )
        #expect(try writer.finish(file, event: .scan, time: time, shape: shape) == nil)

        // Nothing was different: no snapshot.
        part = Self.changes(file, [2: 2])
        part.isFinal = false
        #expect(try writer.stage(part) == nil)
        #expect(try writer.finish(file, event: .scan, time: time, shape: shape) == nil)
        #expect(!writer.isUnfinished(file))

        // What needs nothing of the parts closes them; so does what says so.
        for (startsFresh, closes) in [(true, false), (false, true)] {
            part = Self.changes(file, [4: startsFresh ? 7 : 8])
            part.isFinal = false
            #expect(try writer.stage(part) == nil)
            var closing = Self.changes(file, [1: startsFresh ? 9 : 10])
            closing.startsFresh = startsFresh
            closing.closesUnfinished = closes
            #expect(try writer.stage(closing) != nil)
            #expect(!writer.isUnfinished(file))
        }
        _ = try writer.flush()
        let records = try test.snapshots()
        #expect(records.map(\.coalesced) == [0, 7, 0, 0])
        #expect(records.map(\.pageCount) == [1, 3, 2, 2])
        let (_, bytes) = try test.rebuild(file, at: SequenceNumber(2))
        #expect(stride(from: 0, to: 2048, by: 512).map { bytes[$0] } == [1, 2, 4, 0])
        #expect(try test.findings().isEmpty)
    }

    @Test("what is equal is no snapshot, and deletion and return are")
    func presence() throws {
        let test = try TestRoot()
        let writer = try RootWriter(root: test.root)
        let file = writer.declare(name: "a.db", kind: .database)
        #expect(try writer.stage(Self.changes(file, [:], pageCount: 0, .deleted)) == nil)
        #expect(try writer.stage(Self.changes(file, [:], pageCount: 0, .baseline)) == SequenceNumber(1))
        #expect(try writer.stage(Self.changes(file, [:], pageCount: 0)) == nil)
        #expect(try writer.stage(Self.changes(file, [1: 1, 2: 0], pageCount: 2)) == SequenceNumber(2))
        #expect(try writer.stage(Self.changes(file, [1: 1, 2: 0], pageCount: 2)) == nil)
        #expect(try writer.stage(Self.changes(file, [:], .deleted)) == SequenceNumber(3))
        #expect(try writer.stage(Self.changes(file, [:], .deleted)) == nil)
        #expect(writer.files[file]?.last?.shape.byteCount == 0)
        #expect(try writer.stage(Self.changes(file, [:], pageCount: 0, .created)) == SequenceNumber(4))
        var fresh = Self.changes(file, [:], pageCount: 0, .replaced)
        fresh.startsFresh = true
        #expect(try writer.stage(fresh) == SequenceNumber(5))
        #expect(try writer.flush() == SequenceNumber(5))
        #expect(
            try test.snapshots().map(\.state.event) == [.baseline, .commit, .deleted, .created, .replaced]
        )
    }

    @Test("times are what the clock said, across files and writers")
    func times() throws {
        let test = try TestRoot()
        for times in [[5, 3, 9], [1, 12, 2]] as [[Int64]] {
            let writer = try RootWriter(root: test.root)
            let files = ["a", "b"].map { writer.declare(name: FilePath($0), kind: .database) }
            for (index, time) in times.enumerated() {
                let byte = UInt8(time) &+ UInt8(times[0])
                #expect(try writer.stage(Self.changes(files[index % 2], [1: byte], at: time)) != nil)
            }
            _ = try writer.flush()
        }
        #expect(try test.snapshots().map(\.state.time.nanoseconds) == [5, 3, 9, 1, 12, 2])
    }

    @Test("latest content is what was staged, then what is mirrored")
    func latest() throws {
        let test = try TestRoot()
        let writer = try RootWriter(root: test.root)
        let file = writer.declare(name: "a.db", kind: .database)
        _ = try writer.stage(Self.changes(file, [1: 1, 2: 2]))
        _ = try writer.flush()
        _ = try writer.stage(Self.changes(file, [2: 3]))
        var buffer = [UInt8](repeating: 9, count: 512)
        var seen: [UInt8] = []
        for number in 1...5 as ClosedRange<UInt32> {
            try writer.readPage(PageNumber(number), of: file, into: &buffer)
            #expect(Set(buffer).count == 1)
            seen.append(buffer[0])
        }
        #expect(seen == [1, 3, 0, 0, 0])
        let mirror = try writer.root.mirrorPath(file).content()
        #expect(mirror.count == 2048 && mirror[512] == 2)
        _ = try writer.flush()
        #expect(try writer.root.mirrorPath(file).content()[512] == 3)
    }

    @Test("a mirror that is not what the stream says is rebuilt", arguments: 0..<4)
    func mirrors(kind: Int) throws {
        let test = try TestRoot()
        let file: FileID
        do {
            let writer = try RootWriter(root: test.root)
            file = writer.declare(name: "a.db", kind: .database)
            _ = try writer.stage(Self.changes(file, [1: 1, 2: 2]))
            _ = try writer.stage(Self.changes(file, [2: 3]))
            _ = try writer.flush()
        }
        let mirror = test.root.directory.appending("mirror").appending("\(file)")
        let content = try mirror.content()
        switch kind {
        case 0: try mirror.flipByte(at: 700)
        case 1: try mirror.replaceContent(Array(content.dropLast(512)))
        case 2: try mirror.replaceContent(content + [0])
        default: try Directory.remove(mirror)
        }
        let writer = try RootWriter(root: test.root)
        #expect(writer.notes.map(\.severity) == [.warning])
        #expect(try mirror.content() == content)
        #expect(try writer.stage(Self.changes(file, [2: 3])) == nil)
        #expect(try writer.stage(Self.changes(file, [2: 4])) == SequenceNumber(3))
    }

    @Test("a file whose images are lost to damage starts fresh")
    func lost() throws {
        let test = try TestRoot()
        let file: FileID
        do {
            let writer = try RootWriter(root: test.root)
            file = writer.declare(name: "a.db", kind: .database)
            _ = try writer.flush()
            let shape = ImageSize(pageSize: Self.size, pageCount: PageCount(4))
            try writer.beginBase(file, shape: shape)
            try writer.baseChunk(file, firstPage: PageNumber(1), bytes: [UInt8](repeating: 5, count: 2048))
            _ = try writer.endBase(file, event: .baseline, time: Instant(nanoseconds: 1), shape: shape)
            _ = try writer.flush()
        }
        for path in try test.bases() { try Directory.remove(path) }
        try Directory.remove(test.root.directory.appending("mirror").appending("\(file)"))
        let writer = try RootWriter(root: test.root)
        #expect(writer.files[file]?.last == nil)
        #expect(writer.notes.contains { $0.severity == .error })
        #expect(try writer.stage(Self.changes(file, [1: 1])) == SequenceNumber(2))
        _ = try writer.flush()
        let (_, bytes) = try test.rebuild(file, at: SequenceNumber(2))
        #expect(bytes[0] == 1 && bytes.count == 2048 && bytes[512] == 0)
    }

    @Test("a new file inherits nothing from the mirror of one that was lost")
    func leftMirror() throws {
        let test = try TestRoot()
        let shape = ImageSize(pageSize: Self.size, pageCount: PageCount(4))
        let lost: FileID
        do {
            let writer = try RootWriter(root: test.root)
            lost = writer.declare(name: "lost.db", kind: .database)
            try writer.beginBase(lost, shape: shape)
            try writer.baseChunk(lost, firstPage: PageNumber(1), bytes: [UInt8](repeating: 7, count: 2048))
        }
        do {
            let writer = try RootWriter(root: test.root)
            let file = writer.declare(name: "new.db", kind: .database)
            #expect(file == lost)
            #expect(try writer.stage(Self.changes(file, [2: 1])) == SequenceNumber(1))
            _ = try writer.flush()
            #expect(try writer.root.mirrorPath(file).content()[0] == 0)
            #expect(try writer.stage(Self.changes(file, [1: 2])) == SequenceNumber(2))
            _ = try writer.flush()
        }
        let (_, bytes) = try test.rebuild(lost, at: SequenceNumber(2))
        #expect(stride(from: 0, to: 2048, by: 512).map { bytes[$0] } == [2, 1, 0, 0])
        #expect(try RootWriter(root: test.root).notes.isEmpty)
    }

    @Test("misuse is refused and leaves what was staged")
    func misuse() throws {
        let test = try TestRoot()
        let writer = try RootWriter(root: test.root)
        let file = writer.declare(name: "a.db", kind: .database)
        #expect(try writer.stage(Self.changes(file, [1: 1])) == SequenceNumber(1))
        var other = Self.changes(file, [1: 1])
        other.pages = PageSet(pageSize: .plain)
        other.shape = ImageSize(pageSize: .plain, pageCount: PageCount(1))
        #expect(throws: RepositoryError.self) { try writer.stage(other) }
        #expect(throws: RepositoryError.noSuchFile(FileID(7))) {
            try writer.stage(Self.changes(FileID(7), [:]))
        }
        #expect(throws: RepositoryError.self) {
            try writer.baseChunk(file, firstPage: PageNumber(1), bytes: [])
        }
        #expect(try writer.flush() == SequenceNumber(1))
        #expect(try test.findings().isEmpty)
    }

    @Test("a file can be declared again as another kind")
    func kinds() throws {
        let test = try TestRoot()
        do {
            let writer = try RootWriter(root: test.root)
            let file = writer.declare(name: "a", kind: .plain)
            #expect(writer.declare(name: "a", kind: .plain) == file)
            #expect(writer.declare(name: "a", kind: .database) == file)
            #expect(writer.declare(name: "b", kind: .plain) != file)
            _ = try writer.flush()
        }
        let files = try RootHistory(test.root).files()
        #expect(files.values.map { "\($0.name) \($0.kind)" }.sorted() == ["a database", "b plain"])
        let writer = try RootWriter(root: test.root)
        #expect(writer.files.values.first { $0.name == "a" }?.kind == .database)
    }

    @Test("a segment with changes of many files is full, however short it is")
    func manyFiles() throws {
        let test = try TestRoot()
        let writer = try RootWriter(root: test.root)
        for number in 0..<4100 {
            let file = writer.declare(name: FilePath("\(number)"), kind: .plain)
            _ = try writer.stage(Self.changes(file, [1: 1]))
            if number % 50 == 49 { _ = try writer.flush() }
        }
        #expect(try test.segments().count == 3)
        #expect(writer.segmentBytes < RootWriter.Options().segmentLimit)
    }

    @Test("drafts that a crash has left are removed, and nothing else")
    func drafts() throws {
        let test = try TestRoot()
        do {
            let writer = try RootWriter(root: test.root)
            let file = writer.declare(name: "a.db", kind: .database)
            _ = try writer.stage(Self.changes(file, [1: 1]))
            _ = try writer.flush()
        }
        let root = test.root
        let segment = root.segmentPath(SequenceNumber(1))
        let drafts = [
            root.segmentDraftPath(SequenceNumber(1)), root.segmentDraftPath(.last),
            segment.appending(suffix: ".torn.0123456789abcdef.new"),
            root.basesDirectory.appending("1.image.new"), root.mirrorDirectory.appending("1.new"),
        ]
        let others = [segment, segment.appending(suffix: ".torn"), root.segmentsDirectory.appending("a.new")]
        for path in drafts + others.dropFirst() { try OpenFile(path, .updateOrCreate).truncate(to: 9) }
        _ = try RootWriter(root: root)
        #expect(drafts.filter { FileStatus.ifPresent($0) != nil } == [])
        #expect(others.filter { FileStatus.ifPresent($0) == nil } == [])
    }
}
