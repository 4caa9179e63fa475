import LinuxSystem
package import RepositoryFormat
import RepositoryReader
package import SQLiteFiles
import Synchronization
package import SystemPackage

/// The contribution of each page of each mirror to its image's digest. A mirror is a cache: a page that is
/// read from it is valid only if it has the hash with which it was written.
///
/// Pages of zeros have no hash, so holes take no memory. The others have theirs in blocks: the most recently
/// used ones in memory, the rest in an unnamed file. The pages of a lost block can no longer be verified.
package final class PageHashes: Sendable {
    private let state: Mutex<State>

    /// `directory`: where the unnamed file is made if there are many pages.
    package init(in directory: FilePath) {
        state = Mutex(State(HashBlocks(in: directory)))
    }

    /// Whether the page was written with that content. `hash`: the content's contribution to the digest.
    func holds(_ number: PageNumber, of file: FileID, _ content: RawSpan, hash: UInt64) -> Bool {
        let known = state.withLock { $0.hash(number.rawValue, of: file) }
        return known == hash || (known == 0 && content.isZero)
    }

    /// The same for consecutive pages; `content` begins with the first. The image's end may cut the last.
    package func holds(_ number: PageNumber, of file: FileID, _ content: RawSpan, _ size: PageSize) -> Bool {
        holds(number, of: file, content, hash: ImageDigest.parts(number, content, size))
    }

    /// Whether all of these pages have been zeros from the beginning.
    package func isHole(_ pages: Range<UInt32>, of file: FileID) -> Bool {
        state.withLock { $0.blocks(in: pages, of: file).isEmpty }
    }

    /// The first page from that number on that may have data.
    func firstData(from number: UInt32, of file: FileID) -> UInt32? {
        state.withLock { $0.firstData(from: number, of: file) }
    }

    /// The contribution of the pages to the digest; nil when it is no longer known.
    func parts(_ pages: Range<UInt32>, of file: FileID, _ pageSize: PageSize) -> UInt64? {
        state.withLock { $0.parts(pages, of: file, pageSize) }
    }

    /// Stores new contributions of pages to the digest: `hash` returns that of each.
    func set(_ numbers: [UInt32], of file: FileID, _ hash: (UInt32) -> UInt64) {
        state.withLock { state in
            for number in numbers { state.set(number, of: file, to: hash(number)) }
        }
    }

    /// Stores the hashes of consecutive pages, of which the image's end may cut the last. Returns their
    /// contribution to the digest.
    func note(_ first: PageNumber, of file: FileID, _ content: RawSpan, _ pageSize: PageSize) -> UInt64 {
        var hashes: [UInt64] = []
        hashes.reserveCapacity(content.byteCount / pageSize.bytes + 1)
        for start in stride(from: 0, to: content.byteCount, by: pageSize.bytes) {
            let page = content.extracting(start..<min(start + pageSize.bytes, content.byteCount))
            let number = PageNumber(first.rawValue &+ UInt32(hashes.count))
            hashes.append(ImageDigest.parts(number, page, pageSize))
        }
        state.withLock { state in
            for (index, hash) in hashes.enumerated() {
                state.set(first.rawValue &+ UInt32(index), of: file, to: hash)
            }
        }
        return hashes.reduce(0, ^)
    }

    /// Stores the hashes of a file's content as an image of that size. Returns its digest.
    func learn(
        _ file: FileID,
        from mirror: borrowing OpenFile,
        _ shape: ImageSize
    ) throws(SystemError) -> UInt64 {
        forget(file)
        let pages = shape.pageCount.pages(behind: PageCount(0))
        return try ImageDigest.of(mirror, shape: shape, pages: pages) { first, content in
            self.note(first, of: file, content, shape.pageSize)
        }
    }

    /// Removes all pages after the first `count`: they are zeros.
    func cut(_ file: FileID, to count: PageCount) {
        state.withLock { $0.cut(file, to: count.rawValue) }
    }

    func forget(_ file: FileID) {
        cut(file, to: PageCount(0))
    }
}

extension PageHashes {
    /// Blocks of consecutive pages, by their numbers, and the place of each.
    private struct State: ~Copyable {
        private var blocks: HashBlocks
        private var places: [FileID: [UInt32: HashBlocks.Place]] = [:]

        init(_ blocks: consuming HashBlocks) {
            self.blocks = blocks
        }

        private static func block(of number: UInt32) -> (UInt32, Int) {
            let (block, index) = (number - 1).quotientAndRemainder(dividingBy: UInt32(HashBlocks.length))
            return (block, Int(index))
        }

        mutating func hash(_ number: UInt32, of file: FileID) -> UInt64 {
            let (block, index) = Self.block(of: number)
            guard let place = places[file]?[block] else { return 0 }
            return blocks[place, index]
        }

        mutating func set(_ number: UInt32, of file: FileID, to hash: UInt64) {
            let (block, index) = Self.block(of: number)
            if let place = places[file]?[block] {
                blocks[place, index] = hash
            } else if hash != 0 {
                let place = blocks.add()
                places[file, default: [:]][block] = place
                blocks[place, index] = hash
            }
        }

        /// The blocks that have any of the pages, in order.
        func blocks(
            in pages: Range<UInt32>,
            of file: FileID
        ) -> [(block: UInt32, place: HashBlocks.Place)] {
            guard !pages.isEmpty, let places = places[file] else { return [] }
            let range = Self.block(of: pages.lowerBound).0...Self.block(of: pages.upperBound - 1).0
            if range.count < places.count {
                return range.compactMap { block in places[block].map { (block, $0) } }
            }
            return places.filter { range.contains($0.key) }.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
        }

        mutating func firstData(from number: UInt32, of file: FileID) -> UInt32? {
            guard let known = places[file] else { return nil }
            var (block, first) = Self.block(of: number)
            while true {
                for _ in 0..<Self.stepsThroughHoles {
                    if let place = known[block] {
                        for index in first..<HashBlocks.length where blocks[place, index] != 0 {
                            return block * UInt32(HashBlocks.length) + UInt32(index) + 1
                        }
                    }
                    (block, first) = (block + 1, 0)
                }
                guard let next = known.keys.lazy.filter({ $0 >= block }).min() else { return nil }
                block = next
            }
        }

        /// Up to this many blocks are looked up one by one. Over a longer hole, all known blocks are
        /// searched.
        private static let stepsThroughHoles = 64

        mutating func parts(_ pages: Range<UInt32>, of file: FileID, _ pageSize: PageSize) -> UInt64? {
            var (sum, next) = (UInt64(0), pages.lowerBound)
            for (block, place) in blocks(in: pages, of: file) {
                let first = max(block * UInt32(HashBlocks.length) + 1, next)
                sum ^= ZeroPages.parts(next..<first, pageSize)
                next = first
                while next < pages.upperBound {
                    let (inBlock, index) = Self.block(of: next)
                    guard inBlock == block else { break }
                    let hash = blocks[place, index]
                    guard hash != HashBlocks.lostHash else { return nil }
                    sum ^= hash != 0 ? hash : ZeroPages.parts(next..<next + 1, pageSize)
                    next += 1
                }
            }
            return sum ^ ZeroPages.parts(next..<pages.upperBound, pageSize)
        }

        mutating func cut(_ file: FileID, to count: UInt32) {
            guard let known = places[file] else { return }
            guard count > 0 else {
                for place in known.values { blocks.remove(place) }
                places[file] = nil
                return
            }
            let (last, index) = Self.block(of: count)
            for (block, place) in known where block > last {
                blocks.remove(place)
                places[file]![block] = nil
            }
            guard let place = known[last] else { return }
            for index in index + 1..<HashBlocks.length where blocks[place, index] != 0 {
                blocks[place, index] = 0
            }
        }
    }
}
