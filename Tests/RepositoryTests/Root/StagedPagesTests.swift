import Testing

@testable import RepositoryWriter

@Suite("Staged pages")
struct StagedPagesTests {
    @Test("the latest content of a page applies, and tells its batch")
    func latest() {
        let (first, second) = (ChangeBatch(), ChangeBatch())
        var pages = StagedPages()
        pages.set(4, in: first, offset: 0, part: 1)
        pages.set(4, in: second, offset: 4096, part: 2)
        pages.set(5, in: second, offset: 8192, part: 3)
        #expect(pages.batches.count == 2)
        #expect(!pages.contains(4, in: first) && pages.contains(4, in: second))
        #expect(!pages.contains(6, in: second) && pages[6] == nil)
        #expect(pages[4]?.offset == 4096 && pages[4]?.part == 2)
        #expect(pages[4].map { pages.batch(of: $0) === second } == true)
    }

    @Test("a shorter image drops the pages behind its end; without pages no batch is needed")
    func cut() {
        var pages = StagedPages()
        pages.set(4, in: ChangeBatch(), offset: 0, part: 1)
        pages.set(5, in: ChangeBatch(), offset: 0, part: 2)
        pages.cut(to: 4)
        #expect(pages.numbers.sorted() == [4] && pages.batches.count == 2)
        pages.cut(to: 3)
        #expect(pages.isEmpty && pages.batches.isEmpty)
    }
}
