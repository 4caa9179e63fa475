import TestSupport
import Testing

@testable import Zstandard

@Suite("Zstandard")
struct ZstandardTests {
    /// Bytes that compress somewhat: runs and noise.
    static func content(_ count: Int, _ random: inout SeededRandom) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let run = Int.random(in: 1...200, using: &random)
            if Bool.random(using: &random) {
                bytes.append(contentsOf: repeatElement(UInt8.random(in: 0...255, using: &random), count: run))
            } else {
                bytes.append(contentsOf: random.bytes(run))
            }
        }
        return Array(bytes[..<count])
    }

    static func roundTrip(
        _ content: [UInt8],
        prefix: [UInt8]?,
        level: Int
    ) throws -> (frame: [UInt8], back: [UInt8]) {
        var compressor = try Compressor()
        let decompressor = try Decompressor()
        var (frame, back) = ([UInt8](), [UInt8](repeating: 9, count: 50))
        let size: Int
        if let prefix {
            size = try compressor.compress(
                unsafe content.span.bytes,
                prefix: unsafe prefix.span.bytes,
                level: level,
                into: &frame
            )
            try decompressor.decompress(
                unsafe frame.span.bytes,
                prefix: unsafe prefix.span.bytes,
                exactly: content.count,
                into: &back
            )
        } else {
            size = try compressor.compress(content, level: level, into: &frame)
            try decompressor.decompress(
                unsafe frame.span.bytes,
                prefix: nil,
                exactly: content.count,
                into: &back
            )
        }
        #expect(size == frame.count)
        return (frame, back)
    }

    @Test("a frame that wants a larger window than 128 MiB is refused, and so is one that holds nothing")
    func windows() throws {
        // One raw block of 4 bytes; a window descriptor, a content size of 4 bytes (RFC 8878, section 3.1.1).
        func frame(_ window: UInt8) -> [UInt8] {
            [0x28, 0xb5, 0x2f, 0xfd, 0x80, window, 4, 0, 0, 0, 4 << 3 | 1, 0, 0, 1, 2, 3, 4]
        }
        let decompressor = try Decompressor()
        var content: [UInt8] = []
        func open(_ frame: [UInt8], _ count: Int) throws(ZstandardError) {
            try decompressor.decompress(unsafe frame.span.bytes, prefix: nil, exactly: count, into: &content)
        }
        try open(frame(17 << 3), 4)
        #expect(content == [1, 2, 3, 4])
        for window in [17 << 3 | 1, 18 << 3, 0xff] as [UInt8] {
            #expect(throws: ZstandardError.self, "\(window)") { try open(frame(window), 4) }
        }
        let skippable: [UInt8] = [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]
        #expect(throws: ZstandardError.notOneFrame) { try open(skippable, 0) }
    }

    @Test("gives back what went in, with and without a prefix", arguments: [1, 3, 19])
    func roundTrips(level: Int) throws {
        var random = SeededRandom()
        for count in [0, 1, 100, 4096, 70_000, 300_000] {
            let content = Self.content(count, &random)
            let prefix = Self.content(Int.random(in: 1...100_000, using: &random), &random)
            #expect(
                try Self.roundTrip(content, prefix: nil, level: level).back == content,
                "\(random) \(count)"
            )
            #expect(
                try Self.roundTrip(content, prefix: prefix, level: level).back == content,
                "\(random) \(count)"
            )
            #expect(
                try Self.roundTrip(content, prefix: [], level: level).back == content,
                "\(random) \(count)"
            )
        }
    }

    @Test("finds in the prefix what the content repeats, however far back it is")
    func usesPrefix() throws {
        var random = SeededRandom()
        let page = random.bytes(4096)
        for distance in [0, 100_000, 3_000_000] {
            let prefix = page + [UInt8](repeating: 0, count: distance)
            let (frame, back) = try Self.roundTrip(page, prefix: prefix, level: 1)
            #expect(back == page, "\(random)")
            #expect(frame.count < 100, "\(random): \(frame.count) bytes at distance \(distance)")
        }
    }

    @Test("appends to what the array holds")
    func appends() throws {
        var compressor = try Compressor()
        var frames: [UInt8] = [1, 2, 3]
        let first = try compressor.compress([UInt8](repeating: 7, count: 5000), level: 1, into: &frames)
        let second = try compressor.compress([UInt8](repeating: 8, count: 9000), level: 1, into: &frames)
        #expect(frames.count == 3 + first + second && frames.starts(with: [1, 2, 3]))
        let decompressor = try Decompressor()
        var back: [UInt8] = []
        try decompressor.decompress(
            unsafe frames.span.bytes.extracting(3 + first..<frames.count),
            prefix: nil,
            exactly: 9000,
            into: &back
        )
        #expect(back == [UInt8](repeating: 8, count: 9000))
    }

    @Test("refuses a frame of another size, before it takes memory")
    func refusesSizes() throws {
        var compressor = try Compressor()
        let decompressor = try Decompressor()
        var (frame, back) = ([UInt8](), [UInt8]())
        try compressor.compress([UInt8](repeating: 1, count: 5000), level: 1, into: &frame)
        for wrong in [0, 4999, 5001] {
            #expect(throws: ZstandardError.unexpectedSize(declared: 5000, expected: wrong)) {
                try decompressor.decompress(unsafe frame.span.bytes, prefix: nil, exactly: wrong, into: &back)
            }
            #expect(back.isEmpty)
        }
        // A frame header that claims 2^60 bytes: magic, 8-byte content size, window of 128 MiB.
        let bomb: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xC0, 0x88, 0, 0, 0, 0, 0, 0, 0, 0x10, 1, 0, 0]
        #expect(throws: ZstandardError.unexpectedSize(declared: 1 << 60, expected: 5000)) {
            try decompressor.decompress(unsafe bomb.span.bytes, prefix: nil, exactly: 5000, into: &back)
        }
    }

    @Test("refuses what is not exactly one frame")
    func refusesOthers() throws {
        var compressor = try Compressor()
        let decompressor = try Decompressor()
        var (frame, back) = ([UInt8](), [UInt8]())
        try compressor.compress(Array("some text, some text, some text".utf8), level: 1, into: &frame)
        for wrong in [[], [1, 2, 3], frame + [0], Array(frame.dropLast()), frame + frame] {
            #expect(throws: ZstandardError.notOneFrame) {
                try decompressor.decompress(unsafe wrong.span.bytes, prefix: nil, exactly: 31, into: &back)
            }
        }
        // The context works on after a refusal.
        try decompressor.decompress(unsafe frame.span.bytes, prefix: nil, exactly: 31, into: &back)
        #expect(back == Array("some text, some text, some text".utf8))
    }
}
