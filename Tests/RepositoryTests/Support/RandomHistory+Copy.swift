import Foundation
import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

/// A copy of a repository that is made while its writer goes on, a file at a time.
struct HistoryCopy {
    let directory: TemporaryDirectory
    /// Files of the repository as they were at the beginning, in the order in which they are still to be
    /// copied.
    private var remaining: [String]
    private let repository: String
    /// How many snapshots were durable at the beginning.
    let durableCount: Int
    var isPruned = false

    init(of repository: String, durableCount: Int, _ random: inout SeededRandom) throws {
        directory = try TemporaryDirectory(prefix: "holdfast-copy")
        self.repository = repository
        self.durableCount = durableCount
        remaining = try FileManager.default.subpathsOfDirectory(atPath: repository).sorted()
        let isInOrder = Bool.random(using: &random)
        if !isInOrder { remaining.shuffle(using: &random) }
    }

    /// Copies up to `count` files, and returns whether that was all. What is gone meanwhile is passed over.
    mutating func goOn(_ count: Int) throws -> Bool {
        let manager = FileManager.default
        for name in remaining.prefix(count) {
            let source = FilePath(repository).appending(name)
            let target = FilePath(directory.file(name))
            guard let kind = try FileStatus.unlessMissing(source)?.kind else { continue }
            try manager.createDirectory(
                atPath: (kind == .directory ? target : target.removingLastComponent()).string,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            guard kind == .regular else { continue }
            try manager.copyItem(atPath: source.string, toPath: target.string)
        }
        remaining.removeFirst(min(count, remaining.count))
        return remaining.isEmpty
    }
}

extension RandomHistory {
    mutating func beginCopy() throws {
        let repository = test.directory.file("repository")
        copy = try copy ?? HistoryCopy(of: repository, durableCount: durableCount, &random)
    }

    mutating func goOnCopying() throws {
        guard try copy?.goOn(.random(in: 0...4, using: &random)) == true, let finished = copy else { return }
        copy = nil
        try verify(finished)
    }

    /// Nothing in it is damaged, and a repair keeps what was durable when it was begun.
    private func verify(_ copy: HistoryCopy) throws {
        let repository = try RepositoryDirectory(at: FilePath(copy.directory.path))
        let copied = try TestRoot(copy.directory, #require(repository.roots().usable.first))
        let damage = try copied.findings().filter { $0.severity == .error && !$0.isIncompleteness }
        #expect(damage.isEmpty, "\(random): \(damage)")
        _ = try RootRepair(copied.root).run()
        let left = try copied.findings().filter { $0.severity == .error }
        #expect(left.isEmpty, "\(random): \(left)")
        let present = try copied.snapshots().map { Int($0.state.sequence.rawValue) }
        for sequence in present {
            let wanted = expected[sequence - 1]
            let (_, bytes) = try copied.rebuild(wanted.file, at: SequenceNumber(UInt64(sequence)))
            let difference = Self.difference(bytes, wanted.bytes)
            #expect(difference == nil, "\(random): snapshot \(sequence) of a copy")
        }
        if !copy.isPruned {
            let lost = Set(1..<copy.durableCount + 1).subtracting(present).filter { !unkept.contains($0 - 1) }
            #expect(lost.isEmpty, "\(random): a copy lacks \(lost.sorted())")
        }
    }
}
