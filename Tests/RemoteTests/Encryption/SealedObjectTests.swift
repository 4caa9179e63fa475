import RepositoryFormat
import TestSupport
import Testing

@testable import Remote

@Suite("Sealed objects")
struct SealedObjectTests {
    private let key = DataKey()
    private let seal: ObjectSeal

    init() {
        seal = ObjectSeal(key, Sample.context)
    }

    /// Where chunk `index` is in a sealed object.
    private static func place(_ index: Int, in sealed: [UInt8]) -> Range<Int> {
        let start = 72 + index * (Sample.chunk + 16)
        return start..<min(sealed.count, start + Sample.chunk + 16)
    }

    @Test(
        "open to what was sealed, at every size around a chunk",
        arguments: [0, 1, 15, 16, 17, 262_143, 262_144, 262_145, 524_288, 900_000]
    )
    func roundTrip(size: Int) throws {
        var random = SeededRandom()
        let plain = random.bytes(size)
        let sealed = try seal.seal(plain)
        let layout = try #require(SealLayout(plainByteCount: UInt64(size)))
        #expect(sealed.count == size + 72 + 16 * Int(layout.chunkCount))
        #expect(layout.sealedByteCount == UInt64(sealed.count))
        #expect(try seal.open(sealed) == plain, "\(random)")
        #expect(try seal.seal(plain) != sealed)
    }

    @Test("with any bit of a byte changed are refused", arguments: [0, 1, 40])
    func flips(size: Int) throws {
        let sealed = try seal.seal([UInt8](repeating: 7, count: size))
        for index in sealed.indices {
            for bit in 0..<8 {
                var wrong = sealed
                wrong[index] ^= 1 << bit
                expectRefusal([.damaged, .wrongKey, .failed], "byte \(index)") { _ = try seal.open(wrong) }
            }
        }
    }

    @Test("with a byte changed anywhere in several chunks are refused")
    func flipsInChunks() throws {
        var random = SeededRandom()
        let sealed = try seal.seal(random.bytes(2 * Sample.chunk + 5))
        for _ in 0..<30 {
            var wrong = sealed
            let index = Int.random(in: 72..<sealed.count, using: &random)
            wrong[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            expect(.damaged, "\(random)") { _ = try seal.open(wrong) }
        }
    }

    @Test("with chunks swapped, repeated, removed or added are refused")
    func chunks() throws {
        let chunk = Sample.chunk
        let plain = [UInt8](repeating: 1, count: 3 * chunk)
        let sealed = try seal.seal(plain)
        let parts = (0..<3).map { Array(sealed[Self.place($0, in: sealed)]) }
        for order in [[1, 0, 2], [0, 2, 1], [0, 0, 2], [0, 1], [0, 1, 2, 2], [0, 1, 1, 2], [2], []] {
            let body = order.flatMap { parts[$0] }
            // With the old length in the header, and with one that fits the chunks.
            expect(.damaged, "\(order)") { _ = try seal.open(Array(sealed[..<72] + body)) }
            var header = Array(sealed[..<64])
            header.append(littleEndian: UInt64(order.count * chunk))
            expect(.damaged, "\(order)") { _ = try seal.open(header + body) }
        }
        #expect(try seal.open(Array(sealed[..<72] + parts.joined())) == plain)
    }

    @Test("cut anywhere, or longer by a byte, are refused")
    func cut() throws {
        let small = try seal.seal([1, 2, 3])
        for count in 0..<small.count {
            expect(.damaged, "\(count)") { _ = try seal.open(Array(small[..<count])) }
        }
        expect(.damaged) { _ = try seal.open(small + [0]) }
    }

    @Test("open under no other kind, root, number or name")
    func otherContext() throws {
        let sealed = try seal.seal([1, 2, 3])
        let (kind, root, number, name) = (UInt8(3), Sample.root, UInt64(7), Sample.name)
        let otherName = ObjectName(name.text + "0")!
        let others = [
            SealContext(kind: 4, root: root, number: number, name: name),
            SealContext(kind: kind, root: RootID(1), number: number, name: name),
            SealContext(kind: kind, root: root, number: 8, name: name),
            SealContext(kind: kind, root: root, number: number, name: otherName),
        ]
        for other in others {
            let text = expect(.damaged) { _ = try ObjectSeal(key, other).open(sealed) }
            #expect(text.hasPrefix(other.name.text))
        }
    }

    @Test("of another writer are refused, also under this writer's key id")
    func otherKey() throws {
        var sealed = try ObjectSeal(DataKey(), Sample.context).seal([1, 2, 3])
        expect(.wrongKey) { _ = try seal.open(sealed) }
        sealed.replaceSubrange(16..<32, with: key.id.bytes)
        expect(.damaged) { _ = try seal.open(sealed) }
    }

    @Test("do not take a chunk of another object with the same key and context")
    func otherObject() throws {
        let plain = [UInt8](repeating: 1, count: 2 * Sample.chunk)
        var (one, other) = (try seal.seal(plain), try seal.seal(plain))
        let place = Self.place(0, in: one)
        one.replaceSubrange(place, with: other[place])
        expect(.damaged) { _ = try seal.open(one) }
        other.replaceSubrange(32..<64, with: one[32..<64])
        expect(.damaged) { _ = try seal.open(other) }
    }

    @Test("open in ranges, each from only the chunks that it touches")
    func ranges() throws {
        var random = SeededRandom()
        let size = 3 * Sample.chunk + 1000
        let plain = random.bytes(size)
        let sealed = try seal.seal(plain)
        let header = try SealHeader(parsing: Array(sealed[..<72]), name: Sample.name)
        let opener = try ObjectOpener(header, key, Sample.context)
        var edges = [0, 1, size - 1, size]
        for chunk in 1...3 { edges += [-1, 0, 1].map { chunk * Sample.chunk + $0 } }
        for _ in 0..<60 {
            let ends = (0..<2).map { _ in
                let edge = edges.randomElement(using: &random) ?? 0
                return Bool.random(using: &random) ? edge : .random(in: 0...size, using: &random)
            }
            let (start, end) = (ends.min()!, ends.max()!)
            let range = UInt64(start)..<UInt64(end)
            let place = try #require(opener.layout.sealedRange(of: range))
            let fetched = Array(sealed[Int(place.lowerBound)..<Int(place.upperBound)])
            #expect(try opener.open(range, from: fetched) == Array(plain[start..<end]), "\(random) \(range)")
            // Whole chunks, and no more than two that are not wholly wanted.
            #expect(place.count <= end - start + 2 * (Sample.chunk + 16) + 16 * 4, "\(random) \(range)")
            var wrong = fetched
            wrong[.random(in: 0..<wrong.count, using: &random)] ^= 1
            expect(.damaged, "\(random) \(range)") { _ = try opener.open(range, from: wrong) }
            expect(.damaged, "\(random) \(range)") { _ = try opener.open(range, from: fetched.dropLast()) }
        }
        #expect(opener.layout.sealedRange(of: 0..<UInt64(size) + 1) == nil)
        expect(.failed) { _ = try opener.open(0..<UInt64(size) + 1, from: []) }
    }

    @Test("do not open at the place of another chunk")
    func otherRange() throws {
        let sealed = try seal.seal([UInt8](repeating: 1, count: 3 * Sample.chunk))
        let header = try SealHeader(parsing: Array(sealed[..<72]), name: Sample.name)
        let opener = try ObjectOpener(header, key, Sample.context)
        let first = Array(sealed[Self.place(0, in: sealed)])
        #expect(try opener.open(0..<10, from: first).count == 10)
        let second = UInt64(Sample.chunk)
        expect(.damaged) { _ = try opener.open(second..<second + 10, from: first) }
        expect(.damaged) { _ = try opener.open(2 * second..<2 * second + 10, from: first) }
    }

    @Test("are sealed chunk by chunk, and only with the announced length")
    func streaming() throws {
        var random = SeededRandom()
        let plain = random.bytes(2 * Sample.chunk + 9)
        var sealer = try ObjectSealer(key, Sample.context, plainByteCount: UInt64(plain.count))
        var (sealed, rest) = (sealer.header, plain[...])
        expect(.failed) { _ = try sealer.seal(plain[..<10]) }
        while let count = sealer.nextPlainByteCount {
            sealed += try sealer.seal(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        expect(.failed) { _ = try sealer.seal([]) }
        #expect(sealed.count == Int(sealer.layout.sealedByteCount))
        #expect(try seal.open(sealed) == plain, "\(random)")
        let tooLong = SealLayout.maximumPlainByteCount + 1
        expect(.failed) { _ = try ObjectSealer(key, Sample.context, plainByteCount: tooLong).header }
    }
}
