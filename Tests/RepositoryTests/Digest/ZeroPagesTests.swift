import LinuxSystem
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader

@Suite("Pages of zeros in a digest")
struct ZeroPagesTests {
    private static let sizes = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536]

    @Test("count as the same pages that are hashed one by one", arguments: sizes)
    func likePages(_ bytes: Int) throws {
        let size = try #require(PageSize(bytes: bytes))
        let zeros = [UInt8](repeating: 0, count: bytes)
        for first: UInt32 in [1, 77, 1 << 24, .max - 40] as [UInt32] {
            var sum: UInt64 = 0
            for page in first..<first + 30 {
                sum ^= unsafe ImageDigest.part(PageNumber(page), zeros.span.bytes)
            }
            #expect(ZeroPages.parts(first..<first + 30, size) == sum)
        }
        #expect(ZeroPages.parts(9..<9, size) == 0)
    }

    @Test("that are written down are those that are hashed")
    func steps() throws {
        // One of them, for 16 GiB take their time; which, the seed says.
        var random = SeededRandom()
        let bytes = try #require(Self.sizes.randomElement(using: &random))
        let steps = try #require(ZeroPages.steps[bytes])
        let pages = UInt32((16 << 30) / bytes)
        let mostSteps = Int(UInt32.max / pages)
        let step = Int.random(in: 0..<min(steps.count, mostSteps), using: &random)
        var sum: UInt64 = 0
        for page in UInt32(step) * pages..<UInt32(step + 1) * pages {
            sum ^= XXH64.hash(zeros: bytes, seed: UInt64(page))
        }
        #expect(sum == steps[step], "\(random), step \(step)")
    }

    @Test("a long stretch is the sum of two, wherever it is cut")
    func sums() throws {
        let size = try #require(PageSize(bytes: 4096))
        let step = UInt32((16 << 30) / 4096)
        let (first, end) = (step - 3, 5 * step + 9)
        for cut in [step + 1, 3 * step - 2, 4 * step] {
            let (one, other) = (ZeroPages.parts(first..<cut, size), ZeroPages.parts(cut..<end, size))
            #expect(ZeroPages.parts(first..<end, size) == one ^ other, "cut at \(cut)")
        }
    }

    @Test("a file with holes has the digest of the same file without")
    func sparse() throws {
        let folder = try TemporaryDirectory()
        var random = SeededRandom()
        for round in 0..<20 {
            let length = Int.random(in: 1...3_000_000, using: &random)
            var bytes = [UInt8](repeating: 0, count: length)
            let sparse = try OpenFile(FilePath(folder.file("sparse\(round)")), .updateOrCreate)
            try sparse.truncate(to: UInt64(length))
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                let start = Int.random(in: 0..<length, using: &random)
                let data = (start..<min(length, start + 9000)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                bytes.replaceSubrange(start..<start + data.count, with: data)
                try sparse.write(unsafe data.span.bytes, at: UInt64(start))
            }
            for size in [512, 4096, 65536] {
                let shape = try #require(
                    ImageSize(pageSize: PageSize(bytes: size)!, byteCount: UInt64(length))
                )
                let dense = unsafe ImageDigest.parts(PageNumber(1), bytes.span.bytes, shape.pageSize)
                #expect(
                    try ImageDigest.of(sparse, shape: shape) == dense,
                    "\(random), \(length) bytes, pages of \(size)"
                )
            }
        }
    }
}
