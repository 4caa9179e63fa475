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

    @Test("is empty at first")
    func empty() {
        #expect(!PageBitmap().contains(PageNumber(1)))
        #expect(PageBitmap().first(from: PageNumber(1)) == nil)
    }
}
