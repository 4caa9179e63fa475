import LinuxSystem
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

/// Bases of several chunks, which several threads work on.
@Suite("Bases of several chunks", .serialized)
struct ParallelBaseTests {
    private static let chunkBytes = 1 << 20

    /// Half of it repeats, so that it has something to compress.
    private static func image(_ byteCount: Int) -> [UInt8] {
        var random = SeededRandom(seed: 5)
        let noise = random.bytes(64 << 10)
        var image: [UInt8] = []
        image.reserveCapacity(byteCount)
        while image.count < byteCount {
            image += noise[..<min(noise.count, byteCount - image.count)]
            image += [UInt8](
                repeating: UInt8(image.count >> 16 & 255),
                count: min(4096, byteCount - image.count)
            )
        }
        return image
    }

    @discardableResult
    private static func record(
        _ image: [UInt8],
        _ writer: RootWriter,
        longer: UInt64 = 0
    ) throws -> SequenceNumber {
        let file = writer.declare(name: "one.db", kind: .database)
        let shape = ImageSize(pageSize: .plain, byteCount: UInt64(image.count) + longer)!
        try writer.beginBase(file, shape: shape)
        // As the observer hands them over: not chunk by chunk.
        let portion = 300 << 10
        for start in stride(from: 0, to: image.count, by: portion) {
            let bytes = Array(image[start..<min(start + portion, image.count)])
            let first = PageNumber(UInt32(start / 4096 + 1))
            try writer.baseChunk(file, firstPage: first, bytes: bytes)
        }
        let sequence = try writer.endBase(file, event: .baseline, time: Instant(nanoseconds: 1), shape: shape)
        _ = try writer.flush()
        return sequence
    }

    /// Whether it does; a failed expectation would print all of the image.
    private static func rebuilds(_ test: TestRoot, to image: [UInt8]) throws -> Bool {
        try test.rebuild(FileID(1), at: SequenceNumber(1)).bytes == image
    }

    @Test("a base has the same bytes whatever the number of threads that made it")
    func sameBytes() throws {
        let image = Self.image(9 * Self.chunkBytes + 5000)
        var bases: [[UInt8]] = []
        for isAlone in [false, true] {
            // Who holds lanes leaves none to others.
            let other = isAlone ? try ChunkLanes<ChunkOpening>() : nil
            let test = try TestRoot()
            let writer = try RootWriter(root: test.root)
            try Self.record(image, writer)
            bases.append(Array(try test.bases()[0].content()[BaseHeader.byteCount...]))
            #expect(try Self.rebuilds(test, to: image))
            withExtendedLifetime(other) {}
        }
        let isSame = bases[0] == bases[1]
        #expect(isSame)
    }

    @Test(
        "whichever write of a base fails, abandoning it and taking it anew works",
        arguments: [Errno.noSpace, .ioError]
    )
    func failedWrites(code: Errno) throws {
        let image = Self.image(5 * Self.chunkBytes + 5000)
        for index in 0..<100 {
            let test = try TestRoot()
            let writer = try RootWriter(root: test.root)
            let faults = NthFails(index, .fails(errno: code.rawValue))
            defer { Faults.arm(nil) }
            Faults.arm { point, path in path.extension == "new" ? faults.plan(point) : nil }
            do {
                try Self.record(image, writer)
            } catch is SystemError {
                try writer.abandonBase(FileID(1))
                try Self.record(image, writer)
            }
            Faults.arm(nil)
            #expect(try Self.rebuilds(test, to: image))
            #expect(try test.findings().isEmpty)
            guard faults.hasFired else { return }
        }
        Issue.record("a base has no hundred calls")
    }

    @Test("damage in any chunk is found, and named with its place")
    func damage() throws {
        let image = Self.image(6 * Self.chunkBytes)
        let test = try TestRoot()
        try Self.record(image, try RootWriter(root: test.root))
        let base = try test.bases()[0]
        let sound = try base.content()
        let frames = (sound.count - BaseTrailer.byteCount - 6 * BaseIndexEntry.byteCount) / 6
        for chunk in 0..<6 {
            try base.flipByte(at: BaseHeader.byteCount + chunk * frames + frames / 2)
            let error = #expect(throws: DamageError.self) {
                try test.rebuild(FileID(1), at: SequenceNumber(1))
            }
            #expect(error?.message == "chunk \(chunk) is damaged")
            try base.replaceContent(sound)
        }
        #expect(try Self.rebuilds(test, to: image))
    }

    @Test("zeros take no room, in the mirror and in what is rebuilt")
    func sparse() throws {
        var image = [UInt8](repeating: 0, count: 40 << 20)
        image[0] = 1
        image[20 << 20] = 2
        let test = try TestRoot()
        let writer = try RootWriter(root: test.root)
        try Self.record(image, writer, longer: 100 << 20)
        #expect(try Self.rebuilds(test, to: image + [UInt8](repeating: 0, count: 100 << 20)))
        for path in [FilePath(test.directory.file("rebuilt")), test.root.mirrorPath(FileID(1))] {
            #expect(try FileStatus.of(path).allocatedBytes <= 1 << 20)
        }
        #expect(try test.findings().isEmpty)
    }
}
