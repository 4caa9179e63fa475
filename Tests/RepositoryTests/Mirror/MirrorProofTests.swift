import LinuxSystem
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

@Suite("Mirrors that are not as they were written")
struct MirrorProofTests {
    @Test("cost no snapshot, whatever becomes of them and whenever")
    func random() throws {
        var run = LongRun(rounds: 3)
        var lost = 0
        while run.next() {
            var history = try RandomHistory(seed: .random(in: 0 ... .max), damagesMirrors: true)
            for step in 0..<150 {
                try history.step()
                guard step % 50 == 49 else { continue }
                try history.flush()
                try history.verify()
            }
            let findings = try history.findings()
            #expect(findings.isEmpty, "\(history.random): \(findings)")
            lost += history.lostMirrors
        }
        #expect(lost > 0)
    }

    private static let size = PageSize(bytes: 512)!

    private func change(_ file: FileID, _ pages: [UInt32: UInt8], count: UInt32) -> Changes {
        var set = PageSet(pageSize: Self.size)
        for (number, value) in pages {
            let content = [UInt8](repeating: value, count: 512)
            set.append(PageNumber(number), unsafe content.span.bytes)
        }
        let shape = ImageSize(pageSize: Self.size, pageCount: PageCount(count))
        return Changes(file: file, time: .now, event: .commit, shape: shape, pages: set)
    }

    @Test(
        "a page that the file has like the mirror, but not like the last snapshot, is not taken for unchanged"
    )
    func writeThatWasLost() throws {
        let test = try TestRoot()
        let writer = try RootWriter(root: test.root)
        let file = writer.declare(name: "a", kind: .database)
        _ = try writer.stage(change(file, [1: 1, 2: 1], count: 2))
        _ = try writer.flush()
        _ = try writer.stage(change(file, [2: 2], count: 2))
        _ = try writer.flush()
        // The mirror's page never came to the disk; then the file gets back what it had.
        let mirror = test.root.mirrorPath(file)
        try mirror.replaceContent([UInt8](repeating: 1, count: 1024))
        #expect(throws: SystemError.self) { try writer.stage(change(file, [2: 1], count: 2)) }
        #expect(writer.hasLostMirror(file))
        try writer.abandonBase(file)
        let sequence = try #require(try writer.stage(change(file, [2: 1], count: 2)))
        _ = try writer.flush()
        #expect(try test.rebuild(file, at: sequence).bytes == [UInt8](repeating: 1, count: 1024))
        #expect(
            try test.rebuild(file, at: sequence.previous).bytes[512...]
                == [UInt8](repeating: 2, count: 512)[...]
        )
    }

    @Test("is asked for right after the start as well, and found wrong")
    func firstQuestion() throws {
        let test = try TestRoot()
        let file: FileID
        do {
            let writer = try RootWriter(root: test.root)
            file = writer.declare(name: "a", kind: .database)
            _ = try writer.stage(change(file, [1: 1, 2: 1], count: 2))
            _ = try writer.flush()
        }
        let writer = try RootWriter(root: test.root)
        try writer.prove([PageNumber(1), PageNumber(2)], of: file)
        try test.root.mirrorPath(file).flipByte(at: 600)
        try writer.prove([PageNumber(1)], of: file)
        #expect(throws: SystemError.self) { try writer.prove([PageNumber(2)], of: file) }
        try writer.abandonBase(file)
        try writer.prove([PageNumber(2)], of: file)
    }
}
