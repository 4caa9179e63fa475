import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage

/// Compares given pages with an image's latest content. It reads and hashes, and changes nothing. The results
/// are the pages that differ, their former content, and the digest of the new image. Its buffers are reused
/// for the next comparison.
///
/// A page beyond the old image is new. It differs unless it is zero, as it would be without the change. In a
/// partial last page only the bytes within the image are compared. If the image is cut within a page that is
/// not given, that page is compared with its own front.
struct PageComparison {
    /// Pages that differ, ascending; the indices fit `slots`.
    private(set) var numbers: [UInt32] = []
    /// Where each content is: an index of the given pages, or -1 for `tail`.
    private(set) var slots: [Int] = []
    /// The contribution of each content to the digest.
    private(set) var parts: [UInt64] = []
    /// The former content of the first of them, in order; pages beyond the old image have none here.
    private(set) var old: [UInt8] = []
    /// How many of the pages have their former content in `old`.
    private(set) var oldCount = 0
    private(set) var digest: UInt64 = 0
    /// The partial last page, padded with zeros.
    private(set) var tail: [UInt8] = []
    private var order: [Int] = []
    private static let zeros = [UInt8](repeating: 0, count: 65536)

    /// - Parameters:
    ///   - shape: the size that the image will have.
    ///   - before: the current size; nil to drop the image and start fresh.
    mutating func run(
        _ pages: borrowing PageSet,
        _ shape: ImageSize,
        before: ImageSize?,
        _ image: FileImage,
        _ mirror: SharedFile
    ) throws(SystemError) {
        let size = shape.pageSize.bytes
        numbers.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        parts.removeAll(keepingCapacity: true)
        oldCount = 0
        digest = before == nil ? 0 : image.digest
        makeOrder(pages, shape.pageCount)
        try makeTail(pages, shape, before: before, image, mirror)
        // Removes the pages after a shorter image's end from the digest.
        let dropped = (before?.pageCount ?? PageCount(0)).pages(behind: shape.pageCount)
        digest ^= try image.parts(of: dropped, shape.pageSize)

        let known = before?.pageCount.rawValue ?? 0
        // If a hole is added, its zeros are counted at once, and those of given pages are removed again.
        let added = shape.pageCount.pages(behind: PageCount(known))
        let hasHole = added.count / 2 > order.count
        if hasHole { digest ^= ZeroPages.parts(added, shape.pageSize) }
        var nextNew = added.lowerBound
        for slot in order {
            let number = slot < 0 ? shape.pageCount.rawValue : pages.numbers[slot].rawValue
            if number <= known {
                try compareKnown(number, slot, pages, size, image, mirror)
            } else {
                digest ^= ZeroPages.parts(hasHole ? number..<number + 1 : nextNew..<number, shape.pageSize)
                nextNew = number + 1
                addNew(number, slot, pages, size)
            }
        }
        if !hasHole { digest ^= ZeroPages.parts(nextNew..<added.upperBound, shape.pageSize) }
    }

    /// Sorts the pages in ascending order. If a page was given twice, the later one is kept. Pages beyond the
    /// image are dropped.
    private mutating func makeOrder(_ pages: borrowing PageSet, _ count: PageCount) {
        order.removeAll(keepingCapacity: true)
        let numbers = pages.numbers
        var isAscending = true
        for index in 0..<numbers.count where count.contains(numbers[index]) {
            if let last = order.last, numbers[last] >= numbers[index] { isAscending = false }
            order.append(index)
        }
        guard !isAscending else { return }
        order.sort { (numbers[$0], $0) < (numbers[$1], $1) }
        var kept = 0
        for index in order {
            if kept > 0, numbers[order[kept - 1]] == numbers[index] { kept -= 1 }
            order[kept] = index
            kept += 1
        }
        order.removeLast(order.count - kept)
    }

    /// Prepares the last page if it is partial, and if it is given or cut by the new length.
    private mutating func makeTail(
        _ pages: borrowing PageSet,
        _ shape: ImageSize,
        before: ImageSize?,
        _ image: FileImage,
        _ mirror: SharedFile
    ) throws(SystemError) {
        let (last, size) = (shape.pageCount, shape.pageSize.bytes)
        let valid = last.rawValue == 0 ? size : shape.validBytes(of: PageNumber(last.rawValue))
        guard valid < size else { return }
        if tail.count != size { tail = [UInt8](repeating: 0, count: size) }
        if let slot = order.last, pages.numbers[slot].rawValue == last.rawValue {
            order.removeLast()
            tail.replaceSubrange(0..<size, with: pages.bytes[slot * size..<(slot + 1) * size])
        } else if let before, shape.byteCount < before.byteCount {
            try image.read(last.rawValue, size, into: &tail, from: 0, mirror: mirror)
        } else {
            return
        }
        tail.clear(from: valid, to: size)
        order.append(-1)
    }

    private mutating func compareKnown(
        _ number: UInt32,
        _ slot: Int,
        _ pages: borrowing PageSet,
        _ size: Int,
        _ image: FileImage,
        _ mirror: SharedFile
    ) throws(SystemError) {
        makeRoomForOld(oldCount + 1, size)
        let before = try image.read(number, size, into: &old, from: oldCount * size, mirror: mirror)
        let former = oldCount * size..<(oldCount + 1) * size
        let after =
            slot < 0
            ? Self.part(of: unsafe tail.span.bytes, number, unlessIn: old, former)
            : Self.part(of: pages[slot], number, unlessIn: old, former)
        guard let after else { return }
        digest ^= before ^ after
        oldCount += 1
        numbers.append(number)
        slots.append(slot)
        parts.append(after)
    }

    /// The contribution of the content to the digest; nil when it is the former content.
    private static func part(
        of content: RawSpan,
        _ number: UInt32,
        unlessIn old: [UInt8],
        _ former: Range<Int>
    ) -> UInt64? {
        let former = unsafe old.span.bytes.extracting(former)
        return former.isEqual(to: content) ? nil : ImageDigest.part(PageNumber(number), content)
    }

    private mutating func addNew(_ number: UInt32, _ slot: Int, _ pages: borrowing PageSet, _ size: Int) {
        let (part, isZero) = Self.part(of: number, slot, pages, tail, size)
        digest ^= part
        guard !isZero else { return }
        numbers.append(number)
        slots.append(slot)
        parts.append(part)
    }

    private static func part(
        of number: UInt32,
        _ slot: Int,
        _ pages: borrowing PageSet,
        _ tail: [UInt8],
        _ size: Int
    ) -> (part: UInt64, isZero: Bool) {
        let zero = unsafe zeros.span.bytes.extracting(0..<size)
        if slot < 0 {
            let content = unsafe tail.span.bytes
            return (ImageDigest.part(PageNumber(number), content), content.isEqual(to: zero))
        }
        return (ImageDigest.part(PageNumber(number), pages[slot]), pages[slot].isEqual(to: zero))
    }

    private mutating func makeRoomForOld(_ count: Int, _ size: Int) {
        if old.count < count * size { old.append(zeros: max(count * size, 2 * old.count) - old.count) }
    }
}
