import SystemPackage
import TestSupport

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

/// One way in which a file of a repository can be spoiled.
struct Damage: CustomStringConvertible {
    let path: FilePath
    let before: [UInt8]
    let after: [UInt8]
    let description: String
    /// The first byte that is spoiled.
    let place: Int

    func apply() throws { try path.replaceContent(after) }
    func undo() throws { try path.replaceContent(before) }

    /// How many snapshots come before it: those that stand in whole before the record that is hit, or before
    /// the record of the base.
    func snapshotsBefore(_ snapshots: [SnapshotRecord]) -> Int {
        let number = path.stem?.split(separator: "-").first.flatMap { UInt64($0) }
        guard let number else { return snapshots.count }
        guard path.extension == "segment" else { return Int(number) - 1 }
        let hit = snapshots.last {
            $0.location.segment.rawValue == number && $0.location.offset < UInt64(place)
        }
        return snapshots.count { snapshot in
            snapshot.location.segment.rawValue < number
                || snapshot.location.segment.rawValue == number
                    && hit.map { snapshot.location.offset < $0.location.offset } ?? false
        }
    }

    /// Every file of the stream cut at every record's start and at random places, and zeros from there on.
    static func cuts(of test: TestRoot, _ random: inout SeededRandom) throws -> [Damage] {
        var all: [Damage] = []
        for path in try test.segments() + test.bases() + [test.durableMark] {
            let bytes = try path.content()
            let magic = Array("HFR1".utf8)
            let records = (0...bytes.count - 4).filter { bytes[$0..<$0 + 4].elementsEqual(magic) }
            let others = (0..<20).map { _ in Int.random(in: 0..<bytes.count, using: &random) }
            for place in Set(records + others + [0, bytes.count - 1]).sorted() {
                let front = Array(bytes[..<place])
                let zeros = [UInt8](repeating: 0, count: bytes.count - place)
                all.append(
                    Damage(
                        path: path,
                        before: bytes,
                        after: front,
                        description: "\(path) cut at \(place)",
                        place: place
                    )
                )
                all.append(
                    Damage(
                        path: path,
                        before: bytes,
                        after: front + zeros,
                        description: "\(path) zero from \(place)",
                        place: place
                    )
                )
            }
        }
        return all
    }

    /// One flipped bit in every `step`th byte of every file of the stream.
    static func flips(of test: TestRoot, step: Int) throws -> [Damage] {
        var all: [Damage] = []
        for path in try test.segments() + test.bases() + [test.durableMark] {
            let bytes = try path.content()
            for place in stride(from: 0, to: bytes.count, by: step) {
                var after = bytes
                after[place] ^= 1 << UInt8(place % 8)
                all.append(
                    Damage(
                        path: path,
                        before: bytes,
                        after: after,
                        description: "\(path) flipped at \(place)",
                        place: place
                    )
                )
            }
        }
        return all
    }
}

extension SmallHistory {
    /// Two files, a base at the front, one in the middle; five flushes in several segments, all but the last
    /// sealed if wanted.
    static func damageable(_ random: SeededRandom, isSealed: Bool = false) throws -> SmallHistory {
        var history = try SmallHistory(random)
        history.options.segmentLimit = 400
        let writer = try history.open()
        history.declare(writer, "one.db")
        history.declare(writer, "two.db")
        try history.base(writer, 0, byteCount: 2500)
        _ = try writer.flush()
        for round in 0..<3 {
            try history.commit(writer, 1, byteCount: 1500)
            try history.commit(writer, 0, byteCount: 2500 - round * 100)
            _ = try writer.flush()
        }
        try history.base(writer, 1, byteCount: 2000)
        _ = try writer.flush()
        if isSealed { try RootCompaction(history.test.root).run() }
        return history
    }
}
