import Foundation
import LinuxSystem
import SystemPackage
import TestSupport

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

/// A history of three files in many small segments, with all that a stream has, and what it was before it was
/// holed.
struct HoledHistory {
    /// What was done to the segments since they were written.
    enum Form: CaseIterable { case written, sealed, pruned }

    enum Hole: CaseIterable {
        case flippedByte, missingFirst, missingSegment, cutSegment, missingBase, flippedBase, missingLast
    }

    var history: SmallHistory
    /// The sequences of all snapshots that there were, and those that a base ends in.
    private(set) var all: [Int] = []
    private(set) var anew: Set<Int> = []

    var test: TestRoot { history.test }

    let hasNoDeltas: Bool

    init(_ random: SeededRandom, _ form: Form) throws {
        history = try SmallHistory(random)
        hasNoDeltas = form == .written
        history.options.segmentLimit = 500
        for session in 0..<2 {
            let writer = try history.open()
            for round in 0..<20 { try write(writer, session * 20 + round) }
            _ = try writer.flush()
        }
        if form != .written { try RootCompaction(test.root).run() }
        if form == .pruned {
            let count = history.expected.count
            let last = Set(
                history.files.map(\.id).map { id in history.expected.lastIndex { $0.file == id }! + 1 }
            )
            let kept = history.keeping { $0 % 4 != 0 || $0 == count || last.contains($0) }
            _ = try RootPruning.runAlone(test.root, kept)
        }
        all = try test.snapshots().map { Int($0.state.sequence.rawValue) }
    }

    private mutating func write(_ writer: RootWriter, _ round: Int) throws {
        for (start, name) in [(0, "one.db"), (0, "sub/two.db"), (11, "three.db")] where start == round {
            history.declare(writer, FilePath(name))
        }
        let index = Int.random(in: 0..<history.files.count, using: &history.random)
        let time = Instant(nanoseconds: 1_700_000_000_000_000_000 + Int64(round) * 60_000_000_000)
        switch Int.random(in: 0..<10, using: &history.random) {
        case 0, 1:
            try history.base(writer, index, byteCount: 6000)
            anew.insert(history.expected.count)
        case 2 where !history.files[index].image.isEmpty: try writeParts(writer, index, time)
        default: try history.commit(writer, index, byteCount: 6000)
        }
        let mode = FileOwnership(userID: 1, groupID: 2, permissions: UInt32(0o600 + round))
        let attributes = FileAttributes(ownership: mode, modified: nil, extended: [], lacksExtended: false)
        switch round % 5 {
        case 0:
            try writer.stageAttributes(
                attributes,
                of: history.files[index].id,
                isWithContent: true,
                time: time
            )
        case 1: writer.stageDirectory("sub", attributes, time: time)
        case 2:
            let fields = ["from": "\(time.nanoseconds)", "to": "\(time.nanoseconds + 1_000_000)"]
            try writer.stageAnnotation(Annotation(.clock, target: .none, fields: fields, time: time))
        case 3:
            let tag = Annotation(.tag, target: writer.lastSequence, fields: ["name": "t\(round)"], time: time)
            try writer.stageAnnotation(tag)
        default: break
        }
        if round % 3 != 1 { _ = try writer.flush() }
    }

    /// A snapshot in two records, with another file's between.
    private mutating func writeParts(_ writer: RootWriter, _ index: Int, _ time: Instant) throws {
        var model = history.files[index]
        for _ in 0..<2 {
            var part = history.changes(index, byteCount: 6000)
            part.isFinal = false
            _ = try writer.stage(part)
            model.apply(part)
            _ = try writer.flush()
            let other = (index + 1) % history.files.count
            try history.commit(writer, other, byteCount: 6000)
        }
        let last = history.changes(index, byteCount: 6000)
        if try writer.finish(model.id, event: .commit, time: last.time, shape: model.shape) != nil {
            history.ended(index, model.image)
        }
    }

    mutating func make(_ hole: Hole) throws {
        let segments = try test.segments()
        let inner = segments.count > 2 ? segments[1..<segments.count - 1] : segments[...]
        guard let middle = inner.randomElement(using: &history.random) else { return }
        switch hole {
        case .flippedByte:
            let byteCount = try middle.content().count
            guard byteCount > 0 else { return }
            try middle.flipByte(at: .random(in: 0..<byteCount, using: &history.random))
        case .cutSegment:
            let bytes = try middle.content()
            let count = Int.random(in: 0...bytes.count, using: &history.random)
            try middle.replaceContent(Array(bytes[..<count]))
        case .missingFirst: try Directory.remove(segments[0])
        case .missingSegment: try Directory.remove(middle)
        case .missingLast: try Directory.remove(segments[segments.count - 1])
        case .missingBase, .flippedBase:
            guard let base = try test.bases().randomElement(using: &history.random) else { return }
            if hole == .missingBase { return try Directory.remove(base) }
            try base.flipByte(at: .random(in: 0..<base.content().count, using: &history.random))
        }
    }

    /// Whether a snapshot is restored to its bytes.
    func restores(_ number: Int) -> Bool {
        let wanted = history.expected[number - 1]
        let got = try? test.rebuild(wanted.file, at: SequenceNumber(UInt64(number)))
        return got?.state.sequence.rawValue == UInt64(number) && got?.bytes == wanted.bytes
    }

    /// Snapshots of declared files that are restored to their bytes, up to one of the file that is not.
    func provable() throws -> Set<Int> {
        let files = try RootHistory(test.root).files()
        var (provable, wrong) = (Set<Int>(), Set<FileID>())
        for snapshot in try test.snapshots() {
            let number = Int(snapshot.state.sequence.rawValue)
            guard files[snapshot.file] != nil else { continue }
            guard restores(number) else {
                wrong.insert(snapshot.file)
                continue
            }
            if anew.contains(number) { wrong.remove(snapshot.file) }
            if !wrong.contains(snapshot.file) { provable.insert(number) }
        }
        return provable
    }

    /// What of the root is kept, whatever its name.
    func contents() throws -> Set<[UInt8]> {
        let root = test.root.directory.string
        let names = try FileManager.default.subpathsOfDirectory(atPath: root)
            .filter { $0.contains("segments/") || $0.contains("bases/") }.filter { !$0.hasSuffix(".new") }
        return Set(try names.map { try FilePath("\(root)/\($0)").content() })
    }

    struct Remark: Hashable {
        /// The snapshot that it speaks of; 0 for none.
        let target: Int
        let text: String
    }

    /// Tags, clock annotations and attributes.
    func remarks() throws -> [Remark] {
        var remarks: [Remark] = []
        try RootHistory(test.root).visit { event in
            switch event {
            case .annotation(let annotation):
                let fields = annotation.fields.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                let target = Int(annotation.target.rawValue)
                remarks.append(Remark(target: target, text: "\(annotation.kind) \(fields)"))
            case .attributes(let record): remarks.append(Remark(target: 0, text: "\(record)"))
            default: break
            }
        }
        return remarks
    }
}
