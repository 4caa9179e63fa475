import LinuxSystem
import RepositoryFormat
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("Who has written a database in WAL mode")
struct ContentSightTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
    }

    /// A database that was captured as `known` says, and has become what `change` makes of its first page.
    private func sight(
        pageOne: Bool = true,
        _ change: (inout [UInt8]) -> Void = { _ in }
    ) throws -> ContentSight {
        let name = folder.file("a.db")
        try? Directory.remove(FilePath(name))
        _ = try SQLite3.sql("PRAGMA page_size=4096; CREATE TABLE t(i);", on: name)
        var bytes = try folder.bytes(of: "a.db")
        var scratch = [UInt8](repeating: 0, count: 1 << 16)
        let shape = ImageSize(pageSize: PageSize(bytes: 4096)!, pageCount: PageCount(2))
        let first = try ContentSight(FilePath(name), ObservedImage(shape: shape), &scratch)
        var known = first.found
        if !pageOne { known.pageOne = nil }
        change(&bytes)
        try folder.write(bytes, to: "a.db")
        return try ContentSight(FilePath(name), known, &scratch)
    }

    @Test("a file that begins as the last commit does was written by a checkpoint")
    func checkpoint() throws {
        let sight = try sight()
        #expect(sight.known.changeCounter != nil)
        #expect(sight.origin(checkpointed: nil) == .checkpoint)
        #expect(sight.origin(checkpointed: sight.stamp) == .checkpoint)
    }

    @Test("one that begins otherwise was not, whether or not the change counter tells")
    func foreign() throws {
        #expect(try sight { $0[27] &+= 1 }.origin(checkpointed: nil) == .foreign)
        #expect(try sight { $0[4000] ^= 1 }.origin(checkpointed: nil) == .foreign)
    }

    @Test("one that was written after the last log had gone was not")
    func later() throws {
        try folder.write([1], to: "other")
        let other = ContentStamp(try FileStatus.of(FilePath(folder.file("other"))))
        #expect(try sight().origin(checkpointed: other) == .foreign)
    }

    @Test("where page 1 is not known, the last log decides")
    func unknownPage() throws {
        let sight = try sight(pageOne: false)
        #expect(sight.origin(checkpointed: nil) == .foreign)
        #expect(sight.origin(checkpointed: sight.stamp) == .checkpoint)
    }
}
