import RepositoryWriter
import SQLiteFiles
import TestSupport
import Testing

@testable import Capture

@Suite("Uncollected pages of a log")
struct UncollectedPagesTests {
    private func end(_ setup: FollowedLog) throws -> WALIndexHeader {
        try #require(try setup.tail.reader.index.read(&setup.scratch))
    }

    @Test("are the newest of each page, without those that came later")
    func newest() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(20, bytes: 3000)
        try setup.session.sql("UPDATE t SET b = randomblob(3000);")
        let index = try end(setup)
        var uncollected = UncollectedPages(before: try #require(index.chain), index.databasePages)
        var covered = PageBitmap()
        covered.insert(PageNumber(1))
        var found: [PageSet] = []
        setup.tail.reader.beginChunk()
        let isWhole =
            try uncollected
            .collect(&covered, &setup.tail.reader, &setup.scratch, { true }) { pages, count in
                #expect(count == index.databasePages)
                found.append(pages)
            }
        #expect(isWhole && uncollected.isEmpty)
        try setup.truncate()
        let file = try setup.folder.bytes(of: "a.db")
        #expect(found.reduce(0) { $0 + $1.count } == file.count / 4096 - 1)
        for pages in found {
            for (index, number) in pages.numbers.enumerated() {
                let start = Int(number.rawValue - 1) * 4096
                let page = pages.bytes[index * 4096..<(index + 1) * 4096]
                #expect(file[start..<start + 4096].elementsEqual(page), "\(number)")
            }
        }
    }

    @Test("are none of a log that ends before")
    func cut() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        let index = try end(setup)
        let chain = WALChain(
            salts: index.salts,
            order: index.order,
            pageSize: PageSize(bytes: 4096)!,
            frameCount: Int(index.lastFrame) + 1,
            checksum: index.frameChecksum
        )
        var uncollected = UncollectedPages(before: chain, index.databasePages)
        var covered = PageBitmap()
        setup.tail.reader.beginChunk()
        let isWhole =
            try uncollected
            .collect(&covered, &setup.tail.reader, &setup.scratch, { true }) { _, _ in }
        #expect(!isWhole)
    }
}
