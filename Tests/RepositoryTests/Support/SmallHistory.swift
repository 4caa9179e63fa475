import LinuxSystem
import SQLiteFiles
import SystemPackage
import TestSupport

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

/// A short history of two files in two segments, with a base, written step by step.
struct SmallHistory {
    let test: TestRoot
    var random: SeededRandom
    var options = RootWriter.Options()
    private(set) var files: [ModelFile] = []
    /// By sequence, from 1 on.
    private(set) var expected: [(file: FileID, bytes: [UInt8])] = []
    /// The image of a base that was about to be ended.
    private(set) var lastBase: [UInt8]?
    private var clock: Int64 = 1_700_000_000_000_000_000

    init(_ random: SeededRandom) throws {
        test = try TestRoot()
        self.random = random
    }

    func open() throws -> RootWriter { try RootWriter(root: test.root, options: options) }

    mutating func declare(_ writer: RootWriter, _ name: FilePath, pageSize: Int = 512) {
        files.append(ModelFile(writer.declare(name: name, kind: .database), PageSize(bytes: pageSize)!))
    }

    mutating func changes(_ index: Int, byteCount: Int) -> Changes {
        clock += 1_000_000
        let shape = ImageSize(pageSize: files[index].pageSize, byteCount: UInt64(byteCount))!
        var pages = PageSet(pageSize: shape.pageSize)
        for number in 1...max(1, Int(shape.pageCount.rawValue)) where Bool.random(using: &random) {
            let content = page(shape.pageSize.bytes)
            pages.append(PageNumber(UInt32(number)), unsafe content.span.bytes)
        }
        return Changes(
            file: files[index].id,
            time: Instant(nanoseconds: clock),
            event: .commit,
            shape: shape,
            pages: pages
        )
    }

    /// Content that compresses well, so that tests of every byte have few bytes to go through. The last page
    /// of an image may have fewer bytes than the front.
    private mutating func page(_ byteCount: Int) -> [UInt8] {
        let front = random.bytes(min(24, byteCount))
        let rest = UInt8.random(in: 0...255, using: &random)
        return front + [UInt8](repeating: rest, count: byteCount - front.count)
    }

    /// Stages random changes; there is always something in them. Tries twice.
    mutating func commit(_ writer: RootWriter, _ index: Int, byteCount: Int) throws {
        var changes = changes(index, byteCount: byteCount)
        let first = page(changes.shape.pageSize.bytes)
        changes.pages.append(PageNumber(1), unsafe first.span.bytes)
        do {
            _ = try writer.stage(changes)
        } catch is SystemError {
            // A failed call has changed nothing, so the same works again.
            _ = try writer.stage(changes)
        }
        files[index].apply(changes)
        expected.append((files[index].id, files[index].image))
    }

    /// A base with one commit in the middle.
    mutating func base(_ writer: RootWriter, _ index: Int, byteCount: Int) throws {
        lastBase = nil
        var live = ModelFile(files[index].id, files[index].pageSize)
        for start in stride(from: 0, to: byteCount, by: 512) {
            live.image += page(min(512, byteCount - start))
        }
        try writer.beginBase(live.id, shape: live.shape)
        let half = byteCount / 2 / live.pageSize.bytes * live.pageSize.bytes
        try writer.baseChunk(live.id, firstPage: PageNumber(1), bytes: Array(live.image[..<half]))
        let changes = changes(index, byteCount: byteCount)
        _ = try writer.stage(changes)
        live.apply(changes)
        let next = PageNumber(UInt32(half / live.pageSize.bytes + 1))
        try writer.baseChunk(live.id, firstPage: next, bytes: Array(live.image[half...]))
        lastBase = live.image
        _ = try writer.endBase(live.id, event: .scan, time: Instant(nanoseconds: clock), shape: live.shape)
        ended(index, live.image)
    }

    /// A base of a file that nobody writes meanwhile.
    mutating func quietBase(_ writer: RootWriter, _ index: Int, byteCount: Int) throws {
        var live = ModelFile(files[index].id, files[index].pageSize)
        for start in stride(from: 0, to: byteCount, by: 512) {
            live.image += page(min(512, byteCount - start))
        }
        clock += 1_000_000
        try writer.beginBase(live.id, shape: live.shape)
        try writer.baseChunk(live.id, firstPage: PageNumber(1), bytes: live.image)
        let time = Instant(nanoseconds: clock)
        _ = try writer.endBase(live.id, event: .scan, time: time, shape: live.shape)
        ended(index, live.image)
    }

    mutating func ended(_ index: Int, _ image: [UInt8]) {
        files[index].image = image
        expected.append((files[index].id, image))
    }

    /// What comes after the last flush has never been.
    mutating func forget(downTo count: Int) {
        expected.removeLast(expected.count - count)
        for index in files.indices {
            files[index].image = expected.last { $0.file == files[index].id }?.bytes ?? []
        }
    }

    /// Those of its snapshots that stay, each a moment of the root.
    func keeping(_ stays: (Int) -> Bool) -> KeptSnapshots {
        let kept = (1...expected.count).filter(stays).map {
            (sequence: SequenceNumber(UInt64($0)), isConsistentPoint: true)
        }
        return KeptSnapshots(kept, upTo: SequenceNumber(UInt64(expected.count)))
    }

    /// The first sequence at which a file is not what it was at its newest snapshot then, of those that
    /// count; nil when there is none.
    func firstWrongMoment(where counts: (Int) -> Bool) -> String? {
        var newest: [FileID: Int] = [:]
        for number in 1...expected.count {
            if counts(number) { newest[expected[number - 1].file] = number }
            for (file, wanted) in newest {
                let got = try? test.rebuild(file, at: SequenceNumber(UInt64(number)))
                guard got?.state.sequence == SequenceNumber(UInt64(wanted)),
                    got?.bytes == expected[wanted - 1].bytes
                else { return "file \(file) at \(number): \(String(describing: got?.state)), not \(wanted)" }
            }
        }
        return nil
    }

    /// The first snapshot that does not rebuild to its bytes, or cannot be rebuilt; nil when all do.
    /// `counts`: whether the one with that sequence is looked at.
    func firstWrong(where counts: (Int) -> Bool = { _ in true }) -> String? {
        for (index, snapshot) in expected.enumerated() where counts(index + 1) {
            let sequence = SequenceNumber(UInt64(index + 1))
            do {
                let (state, bytes) = try test.rebuild(snapshot.file, at: sequence)
                guard state.sequence == sequence, bytes == snapshot.bytes else {
                    return "snapshot \(sequence) is wrong"
                }
            } catch {
                return "snapshot \(sequence): \(error)"
            }
        }
        return nil
    }
}
