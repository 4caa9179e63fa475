/// XXH64, the checksum of everything in the repository (github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
///
/// It detects accidents, not forgeries.
package enum XXH64 {
    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

    /// The hash of `bytes`, of any length.
    package static func hash(_ bytes: RawSpan, seed: UInt64) -> UInt64 {
        let count = bytes.byteCount
        var offset = 0
        var hash: UInt64
        if count >= 32 {
            var lane1 = seed &+ prime1 &+ prime2
            var lane2 = seed &+ prime2
            var lane3 = seed
            var lane4 = seed &- prime1
            // All four loads of a round are within `count`, which the loop itself checks once per round.
            while offset <= count &- 32 {
                lane1 = round(lane1, load64(bytes, offset))
                lane2 = round(lane2, load64(bytes, offset &+ 8))
                lane3 = round(lane3, load64(bytes, offset &+ 16))
                lane4 = round(lane4, load64(bytes, offset &+ 24))
                offset &+= 32
            }
            hash = rotate(lane1, 1) &+ rotate(lane2, 7) &+ rotate(lane3, 12) &+ rotate(lane4, 18)
            hash = merge(merge(merge(merge(hash, lane1), lane2), lane3), lane4)
        } else {
            hash = seed &+ prime5
        }
        hash = absorbRest(of: bytes, from: offset, into: hash &+ UInt64(count))
        return avalanche(hash)
    }

    /// The hash of bytes that arrive in pieces.
    package struct Pieces {
        private let seed: UInt64
        private var lanes: (UInt64, UInt64, UInt64, UInt64)
        private var count: UInt64 = 0

        package init(seed: UInt64) {
            self.seed = seed
            lanes = (seed &+ prime1 &+ prime2, seed &+ prime2, seed, seed &- prime1)
        }

        /// Adds a piece, a multiple of 32 bytes long.
        package mutating func add(_ piece: RawSpan) {
            precondition(piece.byteCount % 32 == 0)
            absorb(piece)
        }

        /// The hash when this is the last piece, of any length.
        package func hash(with last: RawSpan) -> UInt64 {
            var whole = self
            whole.absorb(last)
            var hash = seed &+ prime5
            if whole.count >= 32 {
                let (lane1, lane2, lane3, lane4) = whole.lanes
                hash = rotate(lane1, 1) &+ rotate(lane2, 7) &+ rotate(lane3, 12) &+ rotate(lane4, 18)
                hash = merge(merge(merge(merge(hash, lane1), lane2), lane3), lane4)
            }
            hash = absorbRest(of: last, from: last.byteCount & ~31, into: hash &+ whole.count)
            return avalanche(hash)
        }

        /// Adds all bytes to the length, and those up to a multiple of 32 to the lanes.
        private mutating func absorb(_ bytes: RawSpan) {
            var offset = 0
            while offset <= bytes.byteCount &- 32 {
                lanes.0 = round(lanes.0, load64(bytes, offset))
                lanes.1 = round(lanes.1, load64(bytes, offset &+ 8))
                lanes.2 = round(lanes.2, load64(bytes, offset &+ 16))
                lanes.3 = round(lanes.3, load64(bytes, offset &+ 24))
                offset &+= 32
            }
            count &+= UInt64(bytes.byteCount)
        }
    }

    /// The hash of `count` zero bytes, a multiple of 32 and not 0. It reads no bytes and needs half the
    /// multiplications.
    package static func hash(zeros count: Int, seed: UInt64) -> UInt64 {
        // A local copy: without optimisation each use of a static constant is a call.
        let prime = prime1
        var (lane1, lane2) = (seed &+ prime1 &+ prime2, seed &+ prime2)
        var (lane3, lane4) = (seed, seed &- prime1)
        var rounds = count &>> 5
        while rounds > 0 {
            lane1 = (lane1 &<< 31 | lane1 &>> 33) &* prime
            lane2 = (lane2 &<< 31 | lane2 &>> 33) &* prime
            lane3 = (lane3 &<< 31 | lane3 &>> 33) &* prime
            lane4 = (lane4 &<< 31 | lane4 &>> 33) &* prime
            rounds &-= 1
        }
        let hash = rotate(lane1, 1) &+ rotate(lane2, 7) &+ rotate(lane3, 12) &+ rotate(lane4, 18)
        return avalanche(merge(merge(merge(merge(hash, lane1), lane2), lane3), lane4) &+ UInt64(count))
    }

    /// The last `count % 32` bytes.
    @inline(__always)
    private static func absorbRest(of bytes: RawSpan, from start: Int, into hash: UInt64) -> UInt64 {
        var hash = hash
        var offset = start
        let count = bytes.byteCount
        while offset <= count &- 8 {
            hash = rotate(hash ^ round(0, load64(bytes, offset)), 27) &* prime1 &+ prime4
            offset &+= 8
        }
        if offset <= count &- 4 {
            let word = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self)
            hash = rotate(hash ^ (UInt64(UInt32(littleEndian: word)) &* prime1), 23) &* prime2 &+ prime3
            offset &+= 4
        }
        while offset < count {
            let byte = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
            hash = rotate(hash ^ (UInt64(byte) &* prime5), 11) &* prime1
            offset &+= 1
        }
        return hash
    }

    @inline(__always)
    private static func load64(_ bytes: RawSpan, _ offset: Int) -> UInt64 {
        unsafe UInt64(
            littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
        )
    }

    @inline(__always)
    private static func round(_ lane: UInt64, _ input: UInt64) -> UInt64 {
        rotate(lane &+ input &* prime2, 31) &* prime1
    }

    @inline(__always)
    private static func merge(_ hash: UInt64, _ lane: UInt64) -> UInt64 {
        (hash ^ round(0, lane)) &* prime1 &+ prime4
    }

    @inline(__always)
    private static func avalanche(_ hash: UInt64) -> UInt64 {
        var hash = hash
        hash = (hash ^ (hash &>> 33)) &* prime2
        hash = (hash ^ (hash &>> 29)) &* prime3
        return hash ^ (hash &>> 32)
    }

    @inline(__always)
    private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
        (value &<< count) | (value &>> (64 &- count))
    }
}
