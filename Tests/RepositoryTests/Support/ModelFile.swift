import SQLiteFiles
import TestSupport

@testable import RepositoryFormat
@testable import RepositoryWriter

/// What a protected file contains in the opinion of a test: plain bytes, changed by the simplest means.
struct ModelFile {
    let id: FileID
    var pageSize: PageSize
    /// The latest image, parts of unfinished snapshots included.
    var image: [UInt8] = []
    /// The image of the last snapshot; nil when there is none.
    var finished: (bytes: [UInt8], pageSize: PageSize, isPresent: Bool)?

    init(_ id: FileID, _ pageSize: PageSize) {
        self.id = id
        self.pageSize = pageSize
    }

    var shape: ImageSize { ImageSize(pageSize: pageSize, byteCount: UInt64(image.count))! }
    var pageCount: Int { (image.count + pageSize.bytes - 1) / pageSize.bytes }

    /// Lays changes over the image as FORMAT.md says, byte by byte.
    mutating func apply(_ changes: Changes) {
        if changes.startsFresh || changes.event == .deleted { image = [] }
        pageSize = changes.shape.pageSize
        let count = changes.event == .deleted ? 0 : Int(changes.shape.byteCount)
        if image.count > count { image.removeLast(image.count - count) }
        image.append(contentsOf: repeatElement(0, count: count - image.count))
        let size = pageSize.bytes
        for (index, number) in changes.pages.numbers.enumerated() {
            let start = (Int(number.rawValue) - 1) * size
            guard start < count else { continue }
            let end = min(start + size, count)
            image.replaceSubrange(
                start..<end,
                with: changes.pages.bytes[index * size..<index * size + (end - start)]
            )
        }
    }

    /// Pages of the image as they are now.
    func pages(_ numbers: some Sequence<Int>) -> PageSet {
        var set = PageSet(pageSize: pageSize)
        for number in numbers where number >= 1 && number <= pageCount {
            let start = (number - 1) * pageSize.bytes
            let content = Array(image[start..<min(start + pageSize.bytes, image.count)])
            set.append(PageNumber(UInt32(number)), unsafe content.span.bytes)
        }
        return set
    }
}

extension ModelFile {
    /// Some pages with new content: small edits, whole new pages, zeros. In any order, some twice, some
    /// unchanged.
    func edits(_ random: inout SeededRandom, pageCount: Int) -> PageSet {
        var set = PageSet(pageSize: pageSize)
        guard pageCount > 0 else { return set }
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            let number = Int.random(in: 1...pageCount, using: &random)
            var content = [UInt8](repeating: 0, count: pageSize.bytes)
            let start = (number - 1) * pageSize.bytes
            if start < image.count {
                let present = image[start..<min(start + pageSize.bytes, image.count)]
                content.replaceSubrange(0..<present.count, with: present)
            }
            switch Int.random(in: 0..<8, using: &random) {
            case 0: content = random.bytes(pageSize.bytes)
            case 1: content = [UInt8](repeating: 0, count: pageSize.bytes)
            case 2: break
            default:
                for _ in 0..<20 {
                    content[Int.random(in: 0..<content.count, using: &random)] = UInt8.random(
                        in: 0...255,
                        using: &random
                    )
                }
            }
            set.append(PageNumber(UInt32(number)), unsafe content.span.bytes)
        }
        return set
    }

    /// A length near the present one: the same, longer, shorter, at a page's end or within a page.
    func nextLength(_ random: inout SeededRandom) -> Int {
        let size = pageSize.bytes
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return image.count + size * Int.random(in: 1...4, using: &random)
        case 1: return image.count + Int.random(in: 1...2 * size, using: &random)
        case 2: return max(0, image.count - size * Int.random(in: 1...3, using: &random))
        case 3: return Int.random(in: 0...image.count, using: &random)
        default: return image.count
        }
    }
}
