import RepositoryFormat
import RepositoryWriter
import SQLiteFiles
import TestSupport
import Testing

@testable import Capture

@Suite("Log backlog")
struct LogBacklogTests {
    private let size = PageSize(bytes: 512)!

    private func pages(_ content: [UInt32: UInt8]) -> PageSet {
        var set = PageSet(pageSize: size)
        for (number, byte) in content {
            let page = [UInt8](repeating: byte, count: 512)
            unsafe set.append(PageNumber(number), page.span.bytes)
        }
        return set
    }

    @Test("holds the newest content of each page once, and counts the commits")
    func newest() {
        var random = SeededRandom()
        var expected: [UInt32: UInt8] = [7: 1]
        var shape = ImageSize(pageSize: size, pageCount: PageCount(7))
        var backlog = LogBacklog(pages(expected), shape: shape)
        for commit in 2...200 {
            var changed: [UInt32: UInt8] = [:]
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                changed[.random(in: 1...40, using: &random)] = .random(in: 0...255, using: &random)
            }
            expected.merge(changed) { $1 }
            shape = ImageSize(pageSize: size, pageCount: PageCount(UInt32(40 + commit)))
            backlog.add(pages(changed), shape: shape)
        }
        #expect(backlog.commits == 200)
        #expect(backlog.shape == shape)
        #expect(backlog.pages.count == expected.count)
        for (index, number) in backlog.pages.numbers.enumerated() {
            let content = backlog.pages.bytes[index * 512..<(index + 1) * 512]
            #expect(content.allSatisfy { $0 == expected[number.rawValue] }, "\(random), \(number)")
        }
    }

    @Test("says when it is full")
    func full() {
        var backlog = LogBacklog(pages([1: 1]), shape: .empty(size))
        #expect(!backlog.isFull)
        for number in 2...UInt32(3 << 20) / 512 { backlog.add(pages([number: 1]), shape: .empty(size)) }
        #expect(backlog.isFull)
    }
}
