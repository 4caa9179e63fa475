import LinuxSystem
import RepositoryFormat
import RepositoryReader
import TestSupport

@testable import Remote
@testable import RepositoryWriter

/// A machine of a universe: a history, and the program that ships it.
final class UniverseMachine {
    /// How the remote calls it.
    let name: String
    let history: ShippedRoot
    /// Nil after the program has ended.
    var shipper: RootShipper?
    /// It has heard that another writer has the remote, and ships no more.
    var isStopped = false
    /// How often its program was started; of a copy, with those of the original.
    private(set) var starts: UInt64
    private var contents: [[UInt8]]

    init(_ name: String, _ history: ShippedRoot, _ starts: UInt64, _ random: inout SeededRandom) {
        (self.name, self.history, self.starts) = (name, history, starts)
        contents = (0..<3).map { _ in random.bytes(600) }
    }

    func nextStart() -> UInt64 {
        starts += 1
        return starts
    }

    /// Some bytes of a file change, or it becomes longer.
    func record(_ random: inout SeededRandom) throws {
        let file = Int.random(in: 0..<contents.count, using: &random)
        let longer = Int.random(in: 0..<6, using: &random) == 0 && contents[file].count < 8_000
        contents[file] += longer ? random.bytes(1_500) : []
        let count = Int.random(in: 1...200, using: &random)
        let start = Int.random(in: 0...contents[file].count - count, using: &random)
        contents[file].replaceSubrange(start..<start + count, with: random.bytes(count))
        try history.record("file\(file)", contents[file])
    }

    func compact() throws { try RootCompaction(history.root).run() }

    /// Removes each other snapshot, but not the newest ones.
    func removeSnapshots(_ random: inout SeededRandom) throws {
        let sequences = history.sequences
        guard let last = sequences.dropLast(2).last else { return }
        let kept = sequences.filter { $0 == last || Bool.random(using: &random) }.filter { $0 <= last }
        let points = kept.map { (sequence: $0, isConsistentPoint: true) }
        _ = try RootPruning(history.root).run(KeptSnapshots(points, upTo: last))
    }
}
