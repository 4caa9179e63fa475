import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

/// What files and directories have besides content, through all that rewrites a stream.
@Suite("Attributes in the stream")
struct AttributesTests {
    private typealias Subject = AttributesRecord.Subject

    /// What the last record of each name says that counts as of a snapshot; `[]` for a directory that is
    /// gone.
    private static func state(
        _ records: [AttributesRecord],
        at sequence: SequenceNumber
    ) -> [Subject: FileAttributes?] {
        records.reduce(into: [:]) { state, record in
            if record.sequence <= sequence { state[record.subject] = .some(record.attributes) }
        }
    }

    private static func records(_ test: TestRoot) throws -> [AttributesRecord] {
        var records: [AttributesRecord] = []
        try RootHistory(test.root).visit { if case .attributes(let record) = $0 { records.append(record) } }
        return records
    }

    private static func random(_ random: inout SeededRandom, isPlain: Bool = true) -> FileAttributes {
        let lists = [ExtendedAttribute.accessList, "user.a", "user.b"].shuffled(using: &random).prefix(2)
        return FileAttributes(
            ownership: FileOwnership(
                userID: .random(in: 0...3, using: &random),
                groupID: .random(in: 0 ... .max, using: &random),
                permissions: .random(in: 0...0o7777, using: &random)
            ),
            modified: isPlain ? .random(in: .min ... .max, using: &random) : nil,
            extended: lists.sorted().map {
                ExtendedAttribute(
                    name: Array($0.utf8),
                    value: random.bytes(.random(in: 0...300, using: &random))
                )
            },
            lacksExtended: Bool.random(using: &random)
        )
    }

    /// Commits to two files with random attributes of them and of some directories in between.
    private static func history(commits: Int = 200) throws -> SmallHistory {
        var history = try SmallHistory(SeededRandom())
        history.options.segmentLimit = 10_000
        let writer = try history.open()
        history.declare(writer, "one.db")
        history.declare(writer, "sub/two.db")
        try history.base(writer, 0, byteCount: 9000)
        for number in 0..<commits {
            for _ in 0..<Int.random(in: 0...2, using: &history.random) {
                let name = FilePath(["", "sub", "sub/empty", "b"].randomElement(using: &history.random)!)
                let isGone = Int.random(in: 0...2, using: &history.random) == 0
                let attributes = isGone ? nil : random(&history.random, isPlain: false)
                writer.stageDirectory(name, attributes, time: .now)
            }
            try history.commit(writer, number % 3 == 0 ? 1 : 0, byteCount: 9000)
            if Bool.random(using: &history.random) {
                try writer.stageAttributes(
                    random(&history.random),
                    of: history.files[number % 2].id,
                    isWithContent: Bool.random(using: &history.random),
                    time: .now
                )
            }
            _ = try writer.flush()
        }
        return history
    }

    @Test("what was said is read, once, and said again only when it is another")
    func roundTrip() throws {
        var history = try SmallHistory(SeededRandom())
        let (one, two) = (Self.random(&history.random), Self.random(&history.random))
        let directory = Self.random(&history.random, isPlain: false)
        for _ in 0..<2 {
            let writer = try history.open()
            if history.files.isEmpty { history.declare(writer, "one.db") }
            let file = history.files[0].id
            try history.commit(writer, 0, byteCount: 1000)
            for attributes in [one, two, two] {
                try writer.stageAttributes(attributes, of: file, isWithContent: false, time: .now)
            }
            writer.stageDirectory("a\u{e9}/b", directory, time: .now)
            writer.stageDirectory("a\u{e9}/b", directory, time: .now)
            _ = try writer.flush()
        }
        let records = try Self.records(history.test)
        let file = Subject.file(history.files[0].id)
        let wanted: [(Subject, FileAttributes)] = [
            (file, one), (file, two), (.directory("a\u{e9}/b"), directory), (file, one), (file, two),
        ]
        #expect(records.map(\.subject) == wanted.map(\.0) && records.map(\.attributes) == wanted.map(\.1))
        #expect(records.map(\.sequence.rawValue) == [1, 1, 1, 2, 2], "\(history.random)")
        let findings = try history.test.findings()
        #expect(findings.isEmpty)
    }

    @Test("what came with content counts as of that snapshot, a directory that went as of the next one")
    func sequences() throws {
        var history = try SmallHistory(SeededRandom())
        let writer = try history.open()
        history.declare(writer, "one.db")
        history.declare(writer, "two.db")
        let attributes = (0..<6).map { _ in Self.random(&history.random) }
        try history.commit(writer, 0, byteCount: 1000)
        try history.commit(writer, 1, byteCount: 1000)
        let (one, two) = (history.files[0].id, history.files[1].id)
        try writer.stageAttributes(attributes[0], of: one, isWithContent: true, time: .now)
        try writer.stageAttributes(attributes[1], of: two, isWithContent: true, time: .now)
        try writer.stageAttributes(attributes[2], of: one, isWithContent: true, time: .now)
        try history.commit(writer, 0, byteCount: 1000)
        try writer.stageAttributes(attributes[3], of: two, isWithContent: false, time: .now)
        writer.stageDirectory("d", attributes[4], time: .now)
        writer.stageDirectory("d", nil, time: .now)
        writer.stageDirectory("d", nil, time: .now)
        _ = try writer.flush()
        let records = try Self.records(history.test)
        #expect(records.map(\.sequence.rawValue) == [1, 2, 2, 3, 3, 4])
        let snapshots = try history.test.snapshots()
        #expect(records[0].time == snapshots[0].state.time && records[1].time == snapshots[1].state.time)
    }

    @Test("what a file that is gone had is forgotten, and said again when it comes back")
    func gone() throws {
        var history = try SmallHistory(SeededRandom())
        let attributes = Self.random(&history.random)
        for _ in 0..<2 {
            let writer = try history.open()
            #expect(writer.attributes.files.isEmpty)
            if history.files.isEmpty { history.declare(writer, "one.db") }
            let file = history.files[0].id
            try history.commit(writer, 0, byteCount: 1000)
            try writer.stageAttributes(attributes, of: file, isWithContent: true, time: .now)
            let pageSize = history.files[0].pageSize
            _ = try writer.stage(
                Changes(
                    file: file,
                    time: .now,
                    event: .deleted,
                    shape: try #require(ImageSize(pageSize: pageSize, byteCount: 0)),
                    pages: PageSet(pageSize: pageSize)
                )
            )
            _ = try writer.flush()
            #expect(writer.attributes.files.isEmpty && writer.attributes.heardOf.isEmpty)
        }
        #expect(try Self.records(history.test).map(\.attributes) == [attributes, attributes])
    }

    @Test("sealing keeps all of them")
    func sealing() throws {
        let history = try Self.history()
        let before = try Self.records(history.test)
        #expect(try RootCompaction(history.test.root).run() > 2)
        let after = try Self.records(history.test)
        #expect(after == before, "\(history.random)")
        let writer = try history.open()
        writer.stageDirectory("new", nil, time: .now)
        #expect(!writer.hasStaged, "\(history.random)")
    }

    @Test("pruning keeps what each snapshot that stays had, twice, and no more", arguments: 0..<8)
    func pruning(round: Int) throws {
        let history = try Self.history()
        let count = history.expected.count
        if round % 2 == 0 { try RootCompaction(history.test.root).run() }
        let before = try Self.records(history.test)
        for step in [5, 20] {
            _ = try RootPruning(history.test.root).run(history.keeping { $0 % step == 0 })
            let after = try Self.records(history.test)
            #expect(after.count < before.count * (step == 5 ? 9 : 7) / 10, "\(history.random)")
            for sequence in try history.test.snapshots().map(\.state.sequence) {
                let isSame = Self.state(before, at: sequence) == Self.state(after, at: sequence)
                #expect(isSame, "\(history.random): as of \(sequence), step \(step)")
            }
        }
        let findings = try history.test.findings()
        #expect(findings.isEmpty, "\(history.random)")
        // A writer knows the same of the present.
        let last = Self.state(before, at: SequenceNumber(UInt64(count) + 1))
        let known = try history.open().attributes
        #expect(
            last.allSatisfy { subject, attributes in
                switch subject {
                case .file(let file): known.files[file] == attributes
                case .directory(let name): known.directories[name] == attributes
                }
            },
            "\(history.random)"
        )
    }

    @Test("a tag stands for what was said before it, also when what is between is removed")
    func tags() throws {
        var history = try Self.history(commits: 60)
        do {
            let writer = try history.open()
            let attributes = Self.random(&history.random, isPlain: false)
            writer.stageDirectory("before", attributes, time: .now)
            try writer.stageAnnotation(
                AnnotationRequest.tag("here").annotation(newest: writer.lastSequence, time: .now)
            )
            for _ in 0..<200 {
                try history.commit(writer, 0, byteCount: 9000)
                writer.stageDirectory("before", Self.random(&history.random, isPlain: false), time: .now)
                _ = try writer.flush()
            }
        }
        func place() throws -> (before: AttributesRecord?, after: AttributesRecord?) {
            var (records, place) = ([AttributesRecord](), 0)
            try RootHistory(history.test.root).visit { event in
                switch event {
                case .attributes(let record) where record.subject == .directory("before"):
                    records.append(record)
                case .annotation: place = records.count
                default: break
                }
            }
            return (records.prefix(place).last, records.dropFirst(place).first)
        }
        let before = try place()
        _ = try RootPruning(history.test.root).run(history.keeping { $0 == 61 || $0 % 50 == 0 })
        let after = try place()
        #expect(before.before == after.before && before.before != nil, "\(history.random)")
    }

    @Test("a repair keeps those before the damage and behind it")
    func repair() throws {
        let history = try Self.history()
        let before = try Self.records(history.test)
        let segment = try history.test.segments()[2]
        try segment.flipByte(at: try segment.content().count / 2)
        _ = try RootRepair(history.test.root).run()
        let after = try Self.records(history.test)
        let lost = before.count - after.count
        #expect(0...1 ~= lost, "\(history.random): \(lost)")
        let front = zip(before, after).prefix { $0 == $1 }.count
        #expect(after.dropFirst(front) == before.dropFirst(front + lost), "\(history.random)")
    }

    @Test("a reader that does not know the type may skip it")
    func skippable() throws {
        let history = try Self.history(commits: 30)
        let bytes = try history.test.segments()[0].content()
        var (offset, found) = (64, 0)
        while offset + 40 <= bytes.count,
            let header = unsafe RecordHeader(bytes.span.bytes.extracting(offset..<bytes.count))
        {
            if header.type == 12 {
                #expect(header.flags & 0x80 != 0)
                found += 1
            }
            offset += header.recordBytes
        }
        #expect(found > 3, "\(history.random)")
    }

    @Test("no payload, whatever is in it, does any harm, and nothing leads out of the root")
    func payloads() throws {
        var random = SeededRandom()
        for round in 0..<20_000 {
            var payload: [UInt8] = []
            let subject: Subject =
                Bool.random(using: &random) ? .file(FileID(3)) : .directory(FilePath("a/b"))
            let record = AttributesRecord(
                subject,
                Self.random(&random),
                from: SequenceNumber(1),
                time: Instant(nanoseconds: 0)
            )
            record.encode(into: &payload)
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                payload[Int.random(in: 0..<min(payload.count, 40), using: &random)] = .random(
                    in: 0...255,
                    using: &random
                )
            }
            if round % 3 == 0 { payload.removeLast(Int.random(in: 0...payload.count, using: &random)) }
            let header = RecordHeader(
                .attributes,
                flags: 0x80,
                payloadBytes: payload.count,
                file: record.file,
                firstSequence: SequenceNumber(1),
                time: Instant(nanoseconds: 0)
            )
            guard let read = try? AttributesRecord(unsafe payload.span.bytes, header) else { continue }
            if case .directory(let name) = read.subject {
                #expect(name.isRelative && name.components.allSatisfy { $0.kind == .regular }, "\(random)")
            }
            #expect(read.attributes?.ownership.permissions ?? 0 <= 0o7777, "\(random)")
        }
    }
}
