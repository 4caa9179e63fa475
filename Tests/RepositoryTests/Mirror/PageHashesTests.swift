import Foundation
import LinuxSystem
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryWriter

@Suite("Hashes of pages")
struct PageHashesTests {
    private static let size = PageSize(bytes: 512)!

    private static func hash(_ number: UInt32, _ value: UInt64) -> UInt64 {
        value == 0 ? ZeroPages.parts(number..<number + 1, size) : value
    }

    /// More pages than have room in memory.
    private static let pageCount = UInt32((HashBlocks.mostFrames + 200) * HashBlocks.length)

    @Test("are what they were set to, also those that are not in memory")
    func model() throws {
        let folder = try TemporaryDirectory()
        let hashes = PageHashes(in: FilePath(folder.path))
        var random = SeededRandom()
        var model: [FileID: [UInt32: UInt64]] = [:]
        for _ in 0..<20_000 {
            let file = FileID(UInt32.random(in: 1...2, using: &random))
            let number = UInt32.random(in: 1...Self.pageCount, using: &random)
            if Int.random(in: 0..<5000, using: &random) == 0 {
                hashes.cut(file, to: PageCount(number))
                model[file] = model[file]?.filter { $0.key <= number }
            } else {
                let hash = UInt64.random(in: 1...1 << 62, using: &random)
                hashes.set([number], of: file) { _ in hash }
                model[file, default: [:]][number] = hash
            }
        }
        for (file, known) in model {
            for (number, hash) in known {
                let content: [UInt8] = [1]
                #expect(
                    unsafe hashes.holds(PageNumber(number), of: file, content.span.bytes, hash: hash),
                    "\(random)"
                )
            }
            let first = UInt32.random(in: 1...Self.pageCount, using: &random)
            let pages = first..<first + 5000
            let sum = pages.reduce(UInt64(0)) { $0 ^ Self.hash($1, known[$1] ?? 0) }
            #expect(hashes.parts(pages, of: file, Self.size) == sum, "\(random)")
            let next = known.keys.filter { $0 >= first }.min()
            #expect(hashes.firstData(from: first, of: file) == next, "\(random)")
        }
        // The file has no name.
        #expect(try Directory.names(in: FilePath(folder.path)).isEmpty)
    }

    @Test("prove nothing any more when they do not come back as they were")
    func lost() throws {
        let folder = try TemporaryDirectory()
        let hashes = PageHashes(in: FilePath(folder.path))
        let file = FileID(1)
        hashes.set(Array(1...Self.pageCount), of: file) { UInt64($0) }
        let all = 1..<Self.pageCount + 1
        #expect(hashes.parts(all, of: file, Self.size) != nil)
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        let spilled = try #require(
            open.map { FilePath("/proc/self/fd/\($0)") }.first { path in
                let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path.string)
                return target?.hasPrefix(folder.path) == true
            }
        )
        let handle = try #require(FileHandle(forWritingAtPath: spilled.string))
        try handle.seek(toOffset: 300)
        try handle.write(contentsOf: [0xff])
        #expect(hashes.parts(all, of: file, Self.size) == nil)
        let content: [UInt8] = [1]
        let known = (1...Self.pageCount).count { number in
            unsafe hashes.holds(PageNumber(number), of: file, content.span.bytes, hash: UInt64(number))
        }
        #expect(known == Int(Self.pageCount) - HashBlocks.length)
    }

    @Test("without room for their file only memory counts")
    func full() throws {
        let hashes = PageHashes(in: "/nowhere")
        hashes.set(Array(1...Self.pageCount), of: FileID(1)) { UInt64($0) }
        let content: [UInt8] = [1]
        // The last ones are in memory; who asks for others takes their room.
        let known = (1...Self.pageCount).reversed().count { number in
            unsafe hashes.holds(PageNumber(number), of: FileID(1), content.span.bytes, hash: UInt64(number))
        }
        #expect(known > 0 && known < Int(Self.pageCount))
    }
}
