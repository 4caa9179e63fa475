import TestSupport
import Testing

@testable import SQLiteFiles

@Suite("Page bitmap")
struct PageBitmapTests {
    @Test("holds what a set holds")
    func likeASet() {
        var random = SeededRandom()
        var bitmap = PageBitmap()
        var set: Set<PageNumber> = []
        for _ in 0..<500 {
            let page = PageNumber(UInt32.random(in: 1...3000, using: &random))
            bitmap.insert(page)
            set.insert(page)
            let other = PageNumber(UInt32.random(in: 1...3200, using: &random))
            bitmap.remove(other)
            set.remove(other)
        }
        for number in 1...UInt32(3100) {
            let page = PageNumber(number)
            #expect(bitmap.contains(page) == set.contains(page), "\(random), \(page)")
            #expect(bitmap.first(from: page) == set.filter { $0 >= page }.min(), "\(random), from \(page)")
        }
    }

    @Test("holds ranges as it holds their pages, up to the last number")
    func ranges() {
        var random = SeededRandom()
        for _ in 0..<50 {
            var (bitmap, single) = (PageBitmap(), PageBitmap())
            for _ in 0..<3 {
                let first = UInt32.random(in: 1...20_000, using: &random)
                let range = first..<first + UInt32.random(in: 0...9000, using: &random)
                bitmap.insert(range)
                for number in range { single.insert(PageNumber(number)) }
                let taken = PageNumber(UInt32.random(in: range.lowerBound...range.upperBound, using: &random))
                bitmap.remove(taken)
                single.remove(taken)
            }
            var next = PageNumber(1)
            while let page = single.first(from: next) {
                #expect(bitmap.first(from: next) == page, "\(random)")
                next = PageNumber(page.rawValue + 1)
            }
            #expect(bitmap.first(from: next) == nil, "\(random)")
        }
        var all = PageBitmap()
        all.insert(1..<UInt32.max)
        all.insert(PageNumber(.max))
        #expect(
            all.contains(PageNumber(.max)) && all.contains(PageNumber(1 << 31))
                && !all.contains(PageNumber(0))
        )
        all.remove(PageNumber(1 << 31))
        #expect(!all.contains(PageNumber(1 << 31)) && all.contains(PageNumber(1 << 31 | 1)))
    }

    @Test("is empty at first")
    func empty() {
        #expect(!PageBitmap().contains(PageNumber(1)))
        #expect(PageBitmap().first(from: PageNumber(1)) == nil)
    }
}
