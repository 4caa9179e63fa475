import LinuxSystem
import RepositoryFormat
import SQLiteFiles
import Testing

@testable import Capture

@Suite("Pass of a scan")
struct ScanPassTests {
    private let shape = ImageSize(pageSize: PageSize(bytes: 512)!, pageCount: PageCount(10))

    private func pass(_ selection: [PageNumber]? = nil, isForBase: Bool = false) -> ScanPass {
        ScanPass(shape, selection: selection.map(PageBitmap.init), isForBase: isForBase)
    }

    /// The chunks of at most 2 KB to the end.
    private func chunks(_ pass: inout ScanPass) -> [Range<UInt32>] {
        var chunks: [Range<UInt32>] = []
        while !pass.isComplete {
            let chunk = pass.nextChunk(limit: 2048)
            if !chunk.isEmpty { chunks.append(chunk) }
            pass.advance(past: chunk)
        }
        return chunks
    }

    @Test("goes through all pages in chunks, one page at least")
    func all() {
        var pass = pass()
        #expect(pass.nextChunk(limit: 1) == 1..<2)
        #expect(chunks(&pass) == [1..<5, 5..<9, 9..<11])
        #expect(pass.nextChunk(limit: 2048).isEmpty)
    }

    @Test("goes through selected pages only")
    func selected() {
        var pass = pass([PageNumber(9), PageNumber(3), PageNumber(12)])
        #expect(chunks(&pass) == [3..<4, 9..<10])
    }

    @Test("a missed transaction does not end the first pass, and needs another")
    func first() {
        var pass = pass()
        pass.advance(past: 1..<5)
        pass.missTransaction(.now)
        #expect(pass.needsAnother && !pass.isComplete && pass.restsUntil == nil)
        #expect(pass.cursor == PageNumber(5))
    }

    @Test("a missed transaction ends a later pass, and the next one waits longer the longer it took")
    func later() {
        var pass = pass(isForBase: true)
        let begin = MonotonicInstant.now
        pass.beginNext(PageCount(20), begin)
        #expect(!pass.isForBase, "a base is written in the first pass")
        let missed = begin.advanced(by: .seconds(2))
        pass.missTransaction(missed)
        #expect(pass.isComplete && pass.needsAnother)
        #expect(pass.restsUntil == missed.advanced(by: .seconds(6)))
        pass.missTransaction(missed.advanced(by: .seconds(9)))
        #expect(pass.restsUntil == missed.advanced(by: .seconds(6)), "one is enough")
        pass.beginNext(PageCount(20), missed)
        #expect(!pass.needsAnother && !pass.isComplete && pass.restsUntil == nil)
        #expect(pass.cursor == PageNumber(1) && pass.end == 21)
    }

    @Test("a base ends once")
    func base() {
        var pass = pass(isForBase: true)
        #expect(pass.isForBase)
        pass.endBase()
        #expect(!pass.isForBase)
    }
}
